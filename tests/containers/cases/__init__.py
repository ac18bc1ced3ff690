# SPDX-License-Identifier: Apache-2.0
"""The tests, a file a subject."""
