#include "device/system/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "shared/base/log.h"

/* NULL with errno 0: no such user. */
static const struct passwd *look_up(const char *name)
{
    errno = 0;
    const struct passwd *user = getpwnam(name);
    /* The errno of "not found" varies: getpwnam(3). */
    if (!user && (errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM))
        errno = 0;
    return user;
}

static const struct passwd *find_user(const char *named)
{
    const struct passwd *user = look_up(named ? named : "pitether");
    return named || user || errno ? user : look_up("nobody");
}

static bool is_dropped(uid_t uid, gid_t gid)
{
    uid_t uids[3];
    gid_t gids[3];
    if (getresuid(&uids[0], &uids[1], &uids[2]) || getresgid(&gids[0], &gids[1], &gids[2]))
        return false;
    for (int i = 0; i < 3; i++)
        if (uids[i] != uid || gids[i] != gid)
            return false;
    return setresuid((uid_t)-1, 0, (uid_t)-1) != 0;
}

static int become(uid_t uid, gid_t gid)
{
    /* kvm: for /dev/udmabuf, the memory of frames. */
    static const char *const kept[] = { "video", "render", "kvm" };
    gid_t groups[sizeof(kept) / sizeof(kept[0])];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        const struct group *group = getgrnam(kept[i]);
        if (group)
            groups[count++] = group->gr_gid;
    }
    int dumpable = prctl(PR_GET_DUMPABLE);
    if (setgroups(count, groups) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
        return -errno;
    /* Changing the user sets it to fs.suid_dumpable. */
    if (dumpable >= 0 && dumpable <= 1 && prctl(PR_SET_DUMPABLE, dumpable))
        return -errno;
    return is_dropped(uid, gid) ? 0 : -EPERM;
}

int privileges_drop(const char *named, struct error *error)
{
    const struct passwd *user;
    if (geteuid() != 0) {
        if (!named || ((user = look_up(named)) && user->pw_uid == geteuid()))
            return 0;
        return error_set(error, -EINVAL, "--user: only root can become '%.100s'", named);
    }
    user = find_user(named);
    if (!user && errno)
        return error_set(error, -errno, "can't look up the user to run as: %s", strerror(errno));
    if (!user)
        return error_set(error, -EINVAL,
                         "--user: there is no user '%.100s': name one to run as instead of root",
                         named ? named : "nobody");
    if (user->pw_uid == 0) {
        log_warning(
            "stays root, as --user says: an attacker who gets into this process owns the machine");
        return 0;
    }
    int result = become(user->pw_uid, user->pw_gid);
    if (result)
        return error_set(error, result, "can't run as user '%.100s': %s (--user chooses)",
                         user->pw_name, strerror(-result));
    log_info("dropped root: running as user %s", user->pw_name);
    return 0;
}
