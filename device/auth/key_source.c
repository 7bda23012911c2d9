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

enum { TIMEOUT_S = 5 };

/* The child's response; the keys follow in the same packet. */
struct response {
    uint8_t request; /* its number: one that comes too late is not taken for the next */
    int result;      /* of keys_load() */
    unsigned count;
    struct error error;
};

/* Both ends are the same build: the structs are sent unchanged. */
static struct msghdr make_packet(struct iovec parts[2], struct response *response, struct key *keys,
                                 size_t count)
{
    parts[0] = (struct iovec){ response, sizeof(*response) };
    parts[1] = (struct iovec){ keys, count * sizeof(*keys) };
    return (struct msghdr){ .msg_iov = parts, .msg_iovlen = 2 };
}

/* Of root's capabilities only that to read others' files is kept: its own need none. */
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

static void respond(int fd, uint8_t request, const char *path)
{
    struct keys keys = { 0 };
    struct response response = { .request = request };
    struct iovec parts[2];
    response.result = keys_load(&keys, path, &response.error);
    response.count = keys.count;
    struct msghdr packet = make_packet(parts, &response, keys.items, keys.count);
    sendmsg(fd, &packet, MSG_NOSIGNAL);
    keys_clear(&keys);
}

/* The child's main function. It ends with the daemon, which closes the socket's other end. */
static void run_child(int fd, const char *path)
{
    uint8_t request;
    /* Signals for the whole process group or service are for the daemon to handle. */
    signals_block(true);
    prctl(PR_SET_NAME, "pitetherd-keys");
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    secret_guard_process();
    keep_reading_only();
    close_range(STDERR_FILENO + 1, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0u, 0);
    while (recv(fd, &request, sizeof(request), 0) == sizeof(request))
        respond(fd, request, path);
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
    struct timeval timeout = { TIMEOUT_S, 0 };
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    source->child = fork();
    if (source->child == 0) {
        close(ends[0]); /* or the child would never see the daemon's end */
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

/* Waits for the response to the last request; 0 or a negative errno. */
static int receive(const struct key_source *source, struct response *response, struct key *keys)
{
    struct iovec parts[2];
    ssize_t size;
    do {
        struct msghdr packet = make_packet(parts, response, keys, KEYS_MAX);
        size = recvmsg(source->fd, &packet, 0);
        if (size < 0 && errno != EINTR)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        if (size == 0)
            return -EPIPE;
    } while (size < 0 || response->request != source->request);
    bool whole = (size_t)size >= sizeof(*response) && response->count <= KEYS_MAX &&
                 (size_t)size == sizeof(*response) + response->count * sizeof(*keys);
    return whole ? 0 : -EBADMSG;
}

static int request_keys(struct key_source *source, struct keys *keys, struct error *error)
{
    struct response response = { 0 };
    int result = keys_reserve(keys);
    source->request++;
    if (!result && send(source->fd, &source->request, sizeof(source->request), MSG_NOSIGNAL) < 0)
        result = -errno;
    if (!result)
        result = receive(source, &response, keys->items);
    if (result)
        return fail(error, -result, "can't reach the process that reads the keys");
    *error = response.error;
    keys->count = response.count;
    return response.result;
}

int key_source_read(struct key_source *source, struct keys *keys, struct error *error)
{
    if (source->fd < 0)
        return keys_load(keys, source->path, error);
    int result = request_keys(source, keys, error);
    if (result)
        keys_clear(keys);
    return result;
}

void key_source_close(struct key_source *source)
{
    if (source->child <= 0)
        return;
    close(source->fd);
    /* A child that hangs, on a network file system say, is waited for only if it can be killed:
     * that takes root, as at the start. Otherwise the program is about to end, and init reaps it.
     */
    bool killed = kill(source->child, SIGKILL) == 0;
    while (waitpid(source->child, NULL, killed ? 0 : WNOHANG) < 0 && errno == EINTR)
        ;
    *source = (struct key_source){ .fd = -1 };
}
