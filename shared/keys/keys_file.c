#include "shared/keys/keys_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/descriptors.h"
#include "shared/keys/secret.h"

/* Space for a file of the maximum size, for one line more, and to detect a file that is larger. */
enum { TEXT_MAX = KEYS_FILE_MAX + KEY_LINE_MAX + 2 };

enum { USER_NAME_MAX = 33 };

/* A keys file while it is read or changed. */
struct keys_file {
    const char *path;
    struct error *error;
    char folder[PATH_MAX];
    const char *name;   /* in the folder */
    int folder_fd;      /* locked */
    struct stat status; /* of the file as it was; st_nlink 0: there was none */
    char *text;         /* TEXT_MAX bytes, secret */
    size_t size;
};

static bool is_credential(const char *path)
{
    const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");
    size_t size = folder ? strlen(folder) : 0;
    return size > 0 && strncmp(path, folder, size) == 0 && path[size] == '/' &&
           !strchr(path + size + 1, '/');
}

/* A user's name, or else the number. */
static const char *name_of_user(uid_t uid, char name[USER_NAME_MAX])
{
    struct passwd entry, *found = NULL;
    char buffer[1024];
    if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found)
        snprintf(name, USER_NAME_MAX, "%s", entry.pw_name);
    else
        snprintf(name, USER_NAME_MAX, "user %u", (unsigned)uid);
    return name;
}

/* This user may not read the file. */
static int fail_forbidden(const char *path, struct error *error)
{
    static const char what[] = "can't open the keys file";
    struct stat status;
    char user[USER_NAME_MAX], owner[USER_NAME_MAX];
    name_of_user(geteuid(), user);
    if (stat(path, &status))
        return error_set(error, -EACCES, "%s %.200s: %s: %s may not enter its folder", what, path,
                         strerror(EACCES), user);
    if (status.st_uid == geteuid())
        return error_set(error, -EACCES, "%s %.150s: %s (mode %03o): chmod 600 %.150s", what, path,
                         strerror(EACCES), (unsigned)(status.st_mode & 0777), path);
    return error_set(
        error, -EACCES,
        "%s %.150s: %s: only %s may read it, and this runs as %s; run it as %s, or name a "
        "file of your own with --keys",
        what, path, strerror(EACCES), name_of_user(status.st_uid, owner), user, owner);
}

/* Root may name anybody's file: it is for root to know who can change it. */
static int check_access(const char *path, const struct stat *status, struct error *error)
{
    uid_t user = geteuid();
    mode_t forbidden = is_credential(path) ? 037 : 077;
    char name[USER_NAME_MAX];
    if (!S_ISREG(status->st_mode))
        return error_set(error, -EPERM, "%.300s is not a regular file: keys are not read from it",
                         path);
    if (user != 0 && status->st_uid != 0 && status->st_uid != user)
        return error_set(
            error, -EPERM,
            "%.200s belongs to another user, %s: keys are not read from it; make it yours "
            "with chown, or name another file with --keys",
            path, name_of_user(status->st_uid, name));
    if (status->st_mode & forbidden)
        return error_set(error, -EPERM,
                         "%.200s is accessible to other users (mode %03o): chmod 600 %.200s", path,
                         (unsigned)(status->st_mode & 0777), path);
    return 0;
}

static int open_file(const char *path, struct stat *status, struct error *error)
{
    /* O_NONBLOCK: opening a FIFO would wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ELOOP)
        return error_set(error, -EPERM, "%.300s is a symbolic link: name the file itself", path);
    if (fd < 0 && errno == EACCES)
        return fail_forbidden(path, error);
    if (fd < 0)
        return error_set(error, -errno, "can't open the keys file %.300s: %s", path,
                         strerror(errno));
    int result = fstat(fd, status) ? error_set(error, -errno, "%.300s: %s", path, strerror(errno))
                                   : check_access(path, status, error);
    if (result) {
        close(fd);
        return result;
    }
    return fd;
}

/* Reads the file into text (TEXT_MAX bytes). */
static int read_text(const char *path, struct stat *status, char *text, size_t *size,
                     struct error *error)
{
    int fd = open_file(path, status, error);
    if (fd < 0)
        return fd;
    ssize_t got = descriptors_read(fd, text, KEYS_FILE_MAX + 1);
    close(fd);
    *size = got < 0 ? 0 : (size_t)got;
    if (got < 0)
        return error_set(error, (int)got, "can't read the keys file %.300s: %s", path,
                         strerror((int)-got));
    if (got > KEYS_FILE_MAX)
        return error_set(error, -EINVAL,
                         "%.300s is larger than %d bytes: that can't be a keys file", path,
                         KEYS_FILE_MAX);
    return 0;
}

int keys_load(struct keys *keys, const char *path, struct error *error)
{
    struct stat status;
    size_t size = 0;
    char *text = secret_allocate(TEXT_MAX);
    if (!text)
        return error_set(error, -ENOMEM, "%.300s: out of memory", path);
    int result = read_text(path, &status, text, &size, error);
    if (!result)
        result = keys_parse(keys, text, size, path, error);
    secret_free(text, TEXT_MAX);
    return result;
}

static int open_folder(struct keys_file *file, bool create)
{
    const char *slash = strrchr(file->path, '/');
    size_t size = slash ? (size_t)(slash - file->path) + (slash == file->path) : 1;
    file->name = slash ? slash + 1 : file->path;
    if (size >= sizeof(file->folder) || !*file->name)
        return error_set(file->error, -EINVAL, "%.300s can't be a keys file's path", file->path);
    memcpy(file->folder, slash ? file->path : ".", size);
    file->folder[size] = '\0';
    if (create && mkdir(file->folder, 0700) && errno != EEXIST)
        return error_set(file->error, -errno, "can't create the folder %.300s: %s", file->folder,
                         strerror(errno));
    file->folder_fd = open(file->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->folder_fd < 0 || flock(file->folder_fd, LOCK_EX))
        return error_set(file->error, -errno, "can't open the folder %.300s: %s", file->folder,
                         strerror(errno));
    return 0;
}

/* Locks the file and reads it into its text and into keys. create: also its folder if missing. */
static int begin(struct keys_file *file, const char *path, bool create, struct keys *keys,
                 struct error *error)
{
    *file = (struct keys_file){ .path = path, .error = error, .folder_fd = -1 };
    file->text = secret_allocate(TEXT_MAX);
    if (!file->text)
        return error_set(error, -ENOMEM, "%.300s: out of memory", path);
    int result = open_folder(file, create);
    if (!result)
        result = read_text(path, &file->status, file->text, &file->size, error);
    if (result == -ENOENT && file->folder_fd >= 0)
        result = 0;
    return result ? result : keys_parse(keys, file->text, file->size, path, error);
}

static void end(struct keys_file *file, struct keys *keys)
{
    if (file->folder_fd >= 0)
        close(file->folder_fd);
    secret_free(file->text, TEXT_MAX);
    keys_clear(keys);
}

/* Removes the line of the key of that name from the text. */
static void cut_line(struct keys_file *file, const char *name)
{
    for (size_t at = 0; at < file->size;) {
        char *line = file->text + at;
        const char *feed = memchr(line, '\n', file->size - at);
        size_t length = feed ? (size_t)(feed - line) + 1 : file->size - at;
        struct key key;
        const char *why;
        bool found = key_parse_line(&key, line, length - (feed != NULL), &why) == 1 &&
                     strcmp(key.name, name) == 0;
        explicit_bzero(&key, sizeof(key));
        if (found) {
            memmove(line, line + length, file->size - at - length);
            file->size -= length;
            return;
        }
        at += length;
    }
}

static void append_line(struct keys_file *file, const struct key *key)
{
    if (file->size > 0 && file->text[file->size - 1] != '\n')
        file->text[file->size++] = '\n';
    file->size += key_format(key, file->text + file->size);
    file->text[file->size++] = '\n';
}

/* Root preserves the file's owner. */
static int write_new(const struct keys_file *file, int fd)
{
    bool was_there = file->status.st_nlink > 0;
    if (was_there && geteuid() == 0 && fchown(fd, file->status.st_uid, file->status.st_gid))
        return -errno;
    int result = descriptors_write(fd, file->text, file->size);
    if (!result && fsync(fd))
        result = -errno;
    return result;
}

/* Replaces the file by the text: at any time it is the old one or the new one. */
static int save(struct keys_file *file)
{
    char fresh[NAME_MAX + 1];
    int size = snprintf(fresh, sizeof(fresh), "%s.new", file->name);
    if (size < 0 || (size_t)size >= sizeof(fresh))
        return error_set(file->error, -ENAMETOOLONG, "%.300s: the name is too long", file->path);
    /* An existing one was left behind by a command that was killed: the folder is locked. */
    unlinkat(file->folder_fd, fresh, 0);
    int fd =
        openat(file->folder_fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = fd < 0 ? -errno : write_new(file, fd);
    if (fd >= 0 && close(fd) && !result)
        result = -errno;
    if (!result && renameat(file->folder_fd, fresh, file->folder_fd, file->name))
        result = -errno;
    if (result) {
        unlinkat(file->folder_fd, fresh, 0);
        return error_set(file->error, result, "can't write the keys file %.300s: %s", file->path,
                         strerror(-result));
    }
    /* Best effort: not every file system can sync a folder. */
    fsync(file->folder_fd);
    return 0;
}

/* Whether the key can be added, or replace the one of its name. */
static int check_addition(const char *path, const struct keys *keys, const struct key *key,
                          bool may_replace, struct error *error)
{
    const struct key *same_name = keys_find_name(keys, key->name);
    const struct key *same_id = keys_find_id(keys, key->id);
    if (same_name && !may_replace)
        return error_set(error, -EEXIST, "%.300s has a key named %s already", path, key->name);
    if (same_id && same_id != same_name)
        return error_set(error, -EEXIST, "%.300s has this key already, named %s", path,
                         same_id->name);
    if (!same_name && keys->count == KEYS_MAX)
        return error_set(error, -ENOSPC, "%.300s is full: it has %d keys", path, KEYS_MAX);
    return 0;
}

static int add(const char *path, const struct key *key, bool may_replace, struct error *error)
{
    struct keys_file file;
    struct keys keys = { 0 };
    bool was_there = false;
    int result = begin(&file, path, true, &keys, error);
    if (!result)
        result = check_addition(path, &keys, key, may_replace, error);
    if (!result) {
        was_there = keys_find_name(&keys, key->name);
        cut_line(&file, key->name);
        append_line(&file, key);
        if (file.size > KEYS_FILE_MAX)
            result = error_set(error, -ENOSPC, "%.300s is full: it may have %d bytes", path,
                               KEYS_FILE_MAX);
    }
    if (!result)
        result = save(&file);
    end(&file, &keys);
    return result ? result : was_there;
}

int keys_file_add(const char *path, const struct key *key, struct error *error)
{
    return add(path, key, false, error);
}

int keys_file_replace(const char *path, const struct key *key, struct error *error)
{
    return add(path, key, true, error);
}

int keys_file_remove(const char *path, const char *name, struct error *error)
{
    struct keys_file file;
    struct keys keys = { 0 };
    int result = begin(&file, path, false, &keys, error);
    if (!result && !keys_find_name(&keys, name))
        result = error_set(error, -ENOENT, "%.300s has no key named %.64s", path, name);
    if (!result) {
        cut_line(&file, name);
        result = save(&file);
    }
    end(&file, &keys);
    return result;
}
