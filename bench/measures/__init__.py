# SPDX-License-Identifier: Apache-2.0
"""
A file a group of rows: NAMES, in the order of the table, is what run.py takes, and measure(bench, name)
adds the rows of one.
"""
