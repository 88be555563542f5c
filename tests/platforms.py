"""Tests that a system cannot run, by name and with the reason; the product works there."""

import ctypes
import sys

import pytest

WINDOWS = sys.platform == "win32"

WINE = WINDOWS and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")  # type: ignore[attr-defined,unused-ignore]
"""Windows is wine."""

_SIGNALS = "Windows has no SIGINT or SIGTERM that one process can send to another"
_FORK = "Windows does not fork"
_SYSTEM_TOOLS = "what it runs is a shell's, and bash is not part of Windows"
_ENTROPY = "under wine OpenSSL gets no random numbers, so there is no TLS"

CANNOT: tuple[tuple[bool, str, str], ...] = (
    # whether here, part of the test's name, reason
    (WINDOWS, "test_a_signal_ends_it_with_exit_code_0", _SIGNALS),
    (WINDOWS, "test_ctrl_c_reaches_the_whole_group", _SIGNALS),
    (WINDOWS, "_fork", _FORK),
    (WINDOWS, "test_standard_output_that_nobody_reads", "its pipes do not tell when they are full"),
    (
        WINDOWS,
        "test_nobody_waits_for_who_does_not_read",
        "its pipes do not tell when they are full",
    ),
    (WINDOWS, "test_closed_standard_output_is_no_reason", _SYSTEM_TOOLS),
    (WINDOWS, "test_no_charset_keeps_requests_from_being_shown[mbcs]", "there mbcs is a charset"),
    (WINDOWS, "test_it_ends_though_nobody_reads", "a pipe that is written to cannot be closed"),
    (WINDOWS, "test_curl_is_answered", _SYSTEM_TOOLS),
    (WINDOWS, "test_its_curls_work_as_printed", _SYSTEM_TOOLS),
    (WINDOWS, "test_trust.py", _SYSTEM_TOOLS),
    (WINDOWS, "test_fixed_hosts.py", _SYSTEM_TOOLS),
    (WINDOWS, "test_node.py", "its lock is POSIX's"),
    (WINDOWS, "test_generated.py", "its lock is POSIX's"),
    (WINE, "tls", _ENTROPY),
    (WINE, "[ca_file]", _ENTROPY),
    (WINE, "[its certificate is not trusted]", _ENTROPY),
    (WINE, "test_health_of_what_is_served_is_exit_code_0[options1]", _ENTROPY),
    (WINE, "test_an_option_outranks_the_environment_and_that_the_file", _ENTROPY),
    (WINE, "test_the_file_can_be_named_in_the_environment", _ENTROPY),
    (WINE, "test_curl_sees_the_refusal", "there is no curl in wine"),
)


def skip(items: list[pytest.Item]) -> None:
    """Mark those of the tests that cannot work here."""
    for item in items:
        for here, name, reason in CANNOT:
            if here and name in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reason))
