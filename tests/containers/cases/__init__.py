# SPDX-License-Identifier: Apache-2.0
"""The tests, one file per subject."""
