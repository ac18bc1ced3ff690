# SPDX-License-Identifier: Apache-2.0
"""Real container runtimes on paths of their own, for the tests and the benchmark.

Everything is Python's standard library and the runtimes themselves: Docker is spoken to over its
HTTP socket, CRI as gRPC through curl, runc through its command line.
"""
