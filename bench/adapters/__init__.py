# SPDX-License-Identifier: Apache-2.0
"""
Other tools, to be put beside nunchi: run.py --beside NAME. A file here is one, with

	PROGRAM			what must be installed
	command(calls, pid)	arguments that watch these calls, of that process and what it starts if the
				tool cannot take all, and print them
	is_ready(pid, said)	whether the tool, as process pid, watches; said: its output so far
	lost(said)		how many events it says it has lost, or None if it does not say
"""
