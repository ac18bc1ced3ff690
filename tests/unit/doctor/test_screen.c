/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <errno.h>
#include <jansson.h>

static void facts_of_trouble(struct doctor_facts *f)
{
	facts_of_health(f);
	f->host.lsm_known = false;
	f->host.preemption = PREEMPTION_UNKNOWN;
	f->host.ways = 1U << DOCTOR_UNSEEN_COMPAT | 1U << DOCTOR_UNSEEN_IO_URING;
	f->features[DOCTOR_FEATURE_FENTRY] = (struct doctor_try){ DOCTOR_NO_LOAD, -EPERM };
	f->features[DOCTOR_FEATURE_FEXIT] = (struct doctor_try){ DOCTOR_NO_LOAD, -EPERM };
	f->features[DOCTOR_FEATURE_LSM].state = DOCTOR_SILENT;
	f->features[DOCTOR_FEATURE_MODIFY_RETURN] = (struct doctor_try){ DOCTOR_NO_LOAD, -EPERM };
	f->hooks[1].try = (struct doctor_try){ DOCTOR_NO_ATTACH, -ENOENT };
	f->canaries[DOCTOR_CANARY_FILE].state = DOCTOR_SILENT;
	f->runtimes[1] = (struct doctor_runtime){
		false, xstrdup("containerd /run/x\033/containerd.sock: Connection refused") };
	f->n_runtimes = 2;
}

static void facts_of_a_stranger(struct doctor_facts *f)
{
	facts_of_health(f);
	f->host.capabilities = 0;
	f->refused = xstrdup("tracing needs root, or these capabilities: bpf\nTry: sudo");
}

static void facts_that_do_not_load(struct doctor_facts *f)
{
	facts_of_health(f);
	f->load_error = xstrdup("loading the BPF programs failed on Linux 6.12.1: Invalid \"argument\"");
}

static const struct {
	void (*facts)(struct doctor_facts *f);
	unsigned width;
	bool color;
	const char *text;
} screens[] = {
	{ facts_of_health, 0, false,
	  "kernel        ok        Linux 6.12.1 x86_64, with type information (BTF)\n"
	  "capabilities  ok        bpf, perfmon, sys_ptrace, dac_read_search\n"
	  "security      ok        lockdown none; security modules capability,lockdown,bpf\n"
	  "cgroups       ok        v2\n"
	  "preemption    ok        voluntary\n"
	  "programs      ok        tp_btf, raw_tp, tracepoint, fentry, fexit, kprobe, kretprobe, kprobe.multi,\n"
	  "                        lsm, fmod_ret, cgroup, iter/task, ring buffer, task storage, bpf_loop\n"
	  "                        --hooks can be tracepoint, fentry, kprobe; auto is tracepoint\n"
	  "hooks         ok        3 of 3 run\n"
	  "                        tp_btf: process_fork, sys_exit\n"
	  "                        iter: tasks\n"
	  "canary        ok        file, network, ring, signal, fork, exec, exit, cgroup, running: each was\n"
	  "                        seen\n"
	  "runtimes      ok        docker 27.1 /run/docker.sock\n"
	  "memory        ok        rings 2 MiB and 2 x 8 MiB, with all maps 20 MiB; 2 CPUs\n"
	  "not seen      ok        nothing that is known of\n"
	  "limits        ok        not told, or less of it than there is to know\n"
	  "                        paths and addresses as a call had them: grade user, no argument_mismatch:\n"
	  "                          copies want BPF trampolines, before 6.13 without preempt=full\n"
	  "fine: everything that nunchi looks for is seen here\n" },
	{ facts_of_trouble, 80, false,
	  "kernel        ok        Linux 6.12.1 x86_64, with type information (BTF)\n"
	  "capabilities  ok        bpf, perfmon, sys_ptrace, dac_read_search\n"
	  "security      ok        lockdown none; security modules not known\n"
	  "                        /sys/kernel/security cannot be read (no securityfs?)\n"
	  "cgroups       ok        v2\n"
	  "preemption    ok        not known\n"
	  "                        /sys/kernel/debug/sched/preempt cannot be read (no\n"
	  "                          debugfs?)\n"
	  "programs      ok        tp_btf, raw_tp, tracepoint, kprobe, kretprobe,\n"
	  "                        kprobe.multi, cgroup, iter/task, ring buffer, task\n"
	  "                        storage, bpf_loop\n"
	  "                        not needed, cannot be loaded (Operation not\n"
	  "                          permitted): fentry, fexit, fmod_ret\n"
	  "                        not needed, never runs: lsm\n"
	  "                        lsm runs once bpf is added to lsm= on the kernel\n"
	  "                          command line\n"
	  "                        without lsm and fmod_ret, rules deny connect, bind and\n"
	  "                          sendto of TCP and UDP only\n"
	  "                        --hooks can be tracepoint, kprobe; auto is tracepoint\n"
	  "hooks         degraded  2 of 3 run\n"
	  "                        tp_btf: process_fork\n"
	  "                        sys_exit (tp_btf/sys_exit) cannot be attached (No such\n"
	  "                          file or directory): not seen: system calls\n"
	  "                        iter: tasks\n"
	  "canary        degraded  network, ring, signal, fork, exec, exit, cgroup,\n"
	  "                        running: each was seen\n"
	  "                        file: done, and no record of it came\n"
	  "runtimes      degraded  docker 27.1 /run/docker.sock\n"
	  "                        containerd /run/x\\x1b/containerd.sock: Connection\n"
	  "                          refused: names come from its files, if at all\n"
	  "memory        ok        rings 2 MiB and 2 x 8 MiB, with all maps 20 MiB; 2 CPUs\n"
	  "not seen      degraded  io_uring operations, 32-bit calls\n"
	  "                        io_uring operations: what is done to files and sockets\n"
	  "                          through a ring; sysctl kernel.io_uring_disabled=2\n"
	  "                          closes it (Linux 6.6)\n"
	  "                        32-bit calls: of 32-bit programs; a kernel without\n"
	  "                          CONFIG_COMPAT has none\n"
	  "limits        ok        not told, or less of it than there is to know\n"
	  "                        paths and addresses as a call had them: grade user, no\n"
	  "                          argument_mismatch: copies want BPF trampolines, before\n"
	  "                          6.13 without preempt=full\n"
	  "degraded: everything is seen but for what is said above\n" },
	{ facts_of_a_stranger, 20, true,
	  "kernel        \033[32mok        \033[0mLinux 6.12.1 x86_64, with type\n"
	  "                        information (BTF)\n"
	  "capabilities  \033[31munusable  \033[0mmissing: bpf, perfmon, sys_ptrace,\n"
	  "                        dac_read_search\n"
	  "                        bpf is missing: to load programs\n"
	  "                          and maps\n"
	  "                        perfmon is missing: to attach\n"
	  "                          programs that read kernel memory\n"
	  "                        sys_ptrace is missing: to see what\n"
	  "                          already runs: images, namespaces\n"
	  "                        dac_read_search is missing: to\n"
	  "                          read the runtimes' state, which\n"
	  "                          gives containers their names\n"
	  "                        unprivileged_bpf_disabled is 2:\n"
	  "                          nothing can be loaded without bpf\n"
	  "                        perf_event_paranoid is 3: nothing\n"
	  "                          can be attached without perfmon\n"
	  "security      \033[32mok        \033[0mlockdown none; security modules\n"
	  "                        capability,lockdown,bpf\n"
	  "cgroups       \033[32mok        \033[0mv2\n"
	  "preemption    \033[32mok        \033[0mvoluntary\n"
	  "programs      -         not checked\n"
	  "hooks         -         not checked\n"
	  "canary        -         not checked\n"
	  "runtimes      \033[32mok        \033[0mdocker 27.1 /run/docker.sock\n"
	  "memory        -         not checked\n"
	  "not seen      \033[32mok        \033[0mnothing that is known of\n"
	  "limits        -         not checked\n"
	  "\033[31munusable\033[0m: tracing needs root, or these capabilities: bpf\n"
	  "Try: sudo nunchi doctor, which checks the rest\n" },
};

static void test_text(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(screens); i++) {
		_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
		struct doctor_report report;
		struct doctor_facts facts;

		screens[i].facts(&facts);
		doctor_judge(&facts, &report);
		doctor_text(&report, screens[i].width, screens[i].color, &out);
		assert_string_equal(out.s, screens[i].text);
		doctor_report_free(&report);
		doctor_facts_free(&facts);
	}
}

static json_t *parse(void (*fill)(struct doctor_facts *f))
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;
	struct doctor_report report;
	struct doctor_facts facts;
	json_t *json;

	fill(&facts);
	doctor_judge(&facts, &report);
	doctor_json(&facts, &report, &out);
	json = json_loads(out.s, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	assert_ptr_equal(strchr(out.s, '\n'), out.s + out.len - 1);
	doctor_report_free(&report);
	doctor_facts_free(&facts);
	return json;
}

static const char *string(json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key));
}

static void test_json(void **state)
{
	json_t *json = parse(facts_of_trouble), *row;

	assert_string_equal(string(json, "verdict"), "degraded");
	assert_string_equal(string(json, "kernel"), "6.12.1");
	assert_string_equal(string(json, "lockdown"), "none");
	assert_null(json_object_get(json, "lsm"));
	assert_null(json_object_get(json, "preemption"));
	assert_int_equal(json_array_size(json_object_get(json, "programs")), DOCTOR_FEATURE_MAX);
	assert_int_equal(json_array_size(json_object_get(json, "canaries")), DOCTOR_CANARY_MAX);
	assert_int_equal(json_array_size(json_object_get(json, "not_seen")), 2);
	row = json_array_get(json_object_get(json, "hooks"), 1);
	assert_string_equal(string(row, "state"), "cannot be attached");
	assert_string_equal(string(row, "error"), "No such file or directory");
	assert_string_equal(string(row, "attachment"), "tp_btf/sys_exit");
	json_decref(json);

	json = parse(facts_of_health);
	assert_string_equal(string(json, "verdict"), "fine");
	assert_int_equal(json_array_size(json_object_get(json, "lsm")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "not_seen")), 0);
	assert_int_equal(json_array_size(json_object_get(json, "limits")), 1);
	row = json_array_get(json_object_get(json, "limits"), 0);
	assert_string_equal(string(row, "what"), "paths and addresses as a call had them");
	json_decref(json);
}

/* What was not looked at is not there, rather than empty. */
static void test_json_of_what_is_not_known(void **state)
{
	json_t *json = parse(facts_of_a_stranger);

	assert_string_equal(string(json, "verdict"), "unusable");
	assert_null(json_object_get(json, "programs"));
	assert_null(json_object_get(json, "hooks"));
	assert_null(json_object_get(json, "canaries"));
	assert_null(json_object_get(json, "memory"));
	assert_null(json_object_get(json, "limits"));
	json_decref(json);

	json = parse(facts_that_do_not_load);
	assert_string_equal(string(json, "verdict"), "unusable");
	assert_non_null(json_object_get(json, "programs"));
	assert_null(json_object_get(json, "memory"));
	assert_null(json_object_get(json, "limits"));
	json_decref(json);
}

static void test_unseen_names(void **state)
{
	_cleanup_strbuf_ struct strbuf out = STRBUF_INIT;

	doctor_unseen_names(0, &out);
	assert_int_equal(out.len, 0);
	doctor_unseen_names(1U << DOCTOR_UNSEEN_COMPAT | 1U << DOCTOR_UNSEEN_IO_URING, &out);
	assert_string_equal(out.s, "io_uring operations, 32-bit calls");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_json_of_what_is_not_known),
		cmocka_unit_test(test_unseen_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
