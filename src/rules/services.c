/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports by name, as IANA has them (RFC 6335). Not the host's list: rules mean the same on every host, and are read
 * anew when no more files of the host's can be opened.
 */
#include "parser.h"

static const struct {
	const char *name;
	uint16_t port;
} services[] = {
	{ "echo", 7 },	     { "discard", 9 },	     { "daytime", 13 },	    { "chargen", 19 },	  { "ftp-data", 20 },
	{ "ftp", 21 },	     { "ssh", 22 },	     { "telnet", 23 },	    { "smtp", 25 },	  { "time", 37 },
	{ "whois", 43 },     { "tacacs", 49 },	     { "domain", 53 },	    { "bootps", 67 },	  { "bootpc", 68 },
	{ "tftp", 69 },	     { "gopher", 70 },	     { "finger", 79 },	    { "http", 80 },	  { "www", 80 },
	{ "kerberos", 88 },  { "pop3", 110 },	     { "sunrpc", 111 },	    { "ident", 113 },	  { "nntp", 119 },
	{ "ntp", 123 },	     { "netbios-ns", 137 },  { "netbios-dgm", 138 }, { "netbios-ssn", 139 }, { "imap", 143 },
	{ "imap2", 143 },    { "snmp", 161 },	     { "snmptrap", 162 },   { "bgp", 179 },	  { "irc", 194 },
	{ "ldap", 389 },     { "https", 443 },	     { "microsoft-ds", 445 }, { "submissions", 465 }, { "syslog", 514 },
	{ "printer", 515 },  { "submission", 587 },  { "ipp", 631 },	    { "ldaps", 636 },	  { "domain-s", 853 },
	{ "rsync", 873 },    { "ftps", 990 },	     { "imaps", 993 },	    { "pop3s", 995 },	  { "socks", 1080 },
	{ "openvpn", 1194 }, { "ms-sql-s", 1433 },   { "nfs", 2049 },	    { "docker", 2375 },	  { "docker-s", 2376 },
	{ "etcd-client", 2379 }, { "etcd-server", 2380 }, { "mysql", 3306 }, { "ms-wbt-server", 3389 }, { "svn", 3690 },
	{ "sip", 5060 },     { "postgresql", 5432 }, { "amqp", 5672 },	    { "x11", 6000 },	  { "redis", 6379 },
	{ "http-alt", 8080 }, { "git", 9418 },
};

bool service_port(const char *name, int64_t *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		if (streq(services[i].name, name)) {
			*ret = services[i].port;
			return true;
		}
	}
	return false;
}
