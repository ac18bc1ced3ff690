/* SPDX-License-Identifier: Apache-2.0 */
/* floor OBJECT: attaches its one program, says so, and stays until it is ended. */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? bpf_object__open(argv[1]) : NULL;

	if (!object || bpf_object__load(object) ||
	    !bpf_program__attach(bpf_object__next_program(object, NULL)))
		return 1;
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
