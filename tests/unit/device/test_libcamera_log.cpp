/*
 * What libcamera logs: among our own lines, and not while something is tried.
 */
#include "device/camera/libcamera/log_stream.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include <libcamera/libcamera.h>

extern "C" {
#include <cmocka.h>

#include "shared/base/log.h"
}

namespace
{

/* Makes libcamera log a line: it knows no such control. */
void ask_for_nothing()
{
    const libcamera::ControlList list(libcamera::controls::controls);
    list.get(UINT32_MAX);
}

/* What comes to standard error meanwhile. */
template <typename Work> std::string caught(Work work)
{
    int ends[2];
    char text[4096];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    log_flush();
    const int saved = dup(STDERR_FILENO);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    work();
    log_flush();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);
    const ssize_t size = read(ends[0], text, sizeof(text));
    close(ends[0]);
    return { text, size > 0 ? static_cast<size_t>(size) : 0 };
}

void its_lines_come_among_ours(void **)
{
    assert_true(caught(ask_for_nothing).find("ffffffff") != std::string::npos);
}

void a_pause_leaves_them_out(void **)
{
    const std::string text = caught([] {
        pitether::LogPause pause;
        ask_for_nothing();
        log_error("ours");
    });
    assert_true(text.find("ours") != std::string::npos);
    assert_true(text.find("ffffffff") == std::string::npos);
    assert_true(caught(ask_for_nothing).find("ffffffff") != std::string::npos);
}

} // namespace

int main()
{
    pitether::join_logs();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_lines_come_among_ours),
        cmocka_unit_test(a_pause_leaves_them_out),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
