#include "device/auth/key_source.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/signals.h"
#include "shared/keys/secret.h"

enum { PATIENCE_S = 5 };

/* What the child answers; the keys follow in the same packet. */
struct answer {
    uint8_t turn; /* the request's: one that came too late is told from the next */
    int result;   /* of keys_load() */
    unsigned count;
    struct error error;
};

/* Both ends are of one build: the structs travel as they are. */
static struct msghdr make_packet(struct iovec parts[2], struct answer *answer, struct key *keys,
                                 size_t count)
{
    parts[0] = (struct iovec){ answer, sizeof(*answer) };
    parts[1] = (struct iovec){ keys, count * sizeof(*keys) };
    return (struct msghdr){ .msg_iov = parts, .msg_iovlen = 2 };
}

/* Of all that root may do, to read others' files is left: root's own need no capability. */
static void keep_reading_only(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data))
        return;
    __u32 kept = data[0].permitted & (1u << CAP_DAC_READ_SEARCH);
    memset(data, 0, sizeof(data));
    data[0].effective = data[0].permitted = kept;
    syscall(SYS_capset, &header, data);
}

static void answer_request(int fd, uint8_t turn, const char *path)
{
    struct keys keys = { 0 };
    struct answer answer = { .turn = turn };
    struct iovec parts[2];
    answer.result = keys_load(&keys, path, &answer.error);
    answer.count = keys.count;
    struct msghdr packet = make_packet(parts, &answer, keys.items, keys.count);
    sendmsg(fd, &packet, MSG_NOSIGNAL);
    keys_clear(&keys);
}

/* The child's whole life. It ends when the daemon does, which closes the socket's other end. */
static void run_child(int fd, const char *path)
{
    uint8_t turn;
    /* Signals for the whole process group or service are the daemon's to answer. */
    signals_block(true);
    prctl(PR_SET_NAME, "pitetherd-keys");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    secret_guard_process();
    keep_reading_only();
    close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0u, 0);
    while (recv(fd, &turn, sizeof(turn), 0) == sizeof(turn))
        answer_request(fd, turn, path);
    _exit(0);
}

static int fail(struct error *error, int code, const char *what)
{
    return error_set(error, -code, "%s: %s", what, strerror(code));
}

int key_source_open(struct key_source *source, const char *path, struct error *error)
{
    static const char what[] = "can't start the process that reads the keys";
    *source = (struct key_source){ .path = path, .fd = -1 };
    int ends[2];
    if (geteuid() != 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return fail(error, errno, what);
    struct timeval patience = { PATIENCE_S, 0 };
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    source->child = fork();
    if (source->child == 0) {
        close(ends[0]); /* or it would never see its end */
        run_child(ends[1], path);
    }
    int code = errno;
    close(ends[1]);
    source->fd = ends[0];
    if (source->child > 0)
        return 0;
    close(source->fd);
    *source = (struct key_source){ .fd = -1 };
    return fail(error, code, what);
}

/* Waits for the answer to the last request; 0 or a negative errno. */
static int receive(const struct key_source *source, struct answer *answer, struct key *keys)
{
    struct iovec parts[2];
    ssize_t size;
    do {
        struct msghdr packet = make_packet(parts, answer, keys, KEYS_MAX);
        size = recvmsg(source->fd, &packet, 0);
        if (size < 0 && errno != EINTR)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (size == 0)
            return -EPIPE;
    } while (size < 0 || answer->turn != source->turn);
    bool whole = (size_t)size >= sizeof(*answer) && answer->count <= KEYS_MAX &&
                 (size_t)size == sizeof(*answer) + answer->count * sizeof(*keys);
    return whole ? 0 : -EBADMSG;
}

static int ask(struct key_source *source, struct keys *keys, struct error *error)
{
    struct answer answer = { 0 };
    int result = keys_reserve(keys);
    source->turn++;
    if (!result && send(source->fd, &source->turn, sizeof(source->turn), MSG_NOSIGNAL) < 0)
        result = -errno;
    if (!result)
        result = receive(source, &answer, keys->items);
    if (result)
        return fail(error, -result, "can't ask the process that reads the keys");
    *error = answer.error;
    keys->count = answer.count;
    return answer.result;
}

int key_source_read(struct key_source *source, struct keys *keys, struct error *error)
{
    if (source->fd < 0)
        return keys_load(keys, source->path, error);
    int result = ask(source, keys, error);
    if (result)
        keys_clear(keys);
    return result;
}

void key_source_close(struct key_source *source)
{
    if (source->child <= 0)
        return;
    close(source->fd);
    /* One that hangs, with the file's network say, is waited for only if it can be ended: that
     * takes root, as it was at the start. Later, the program's own end is near, and frees it. */
    bool ends = kill(source->child, SIGKILL) == 0;
    while (waitpid(source->child, NULL, ends ? 0 : WNOHANG) < 0 && errno == EINTR)
        ;
    *source = (struct key_source){ .fd = -1 };
}
