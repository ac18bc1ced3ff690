# SPDX-License-Identifier: Apache-2.0
"""What measures are made with. Containers and nunchi itself come from tests/containers/harness."""
