#include "device/options.h"

#include <errno.h>
#include <string.h>

#include "device/encode/encoder.h"
#include "device/image/picture.h"
#include "device/serve/listener.h"
#include "shared/base/log.h"
#include "shared/keys/keys.h"

static const char *const rotations[] = { "0", "180", NULL };

#define FIELD(name) offsetof(struct device_options, name)
#define HEADING(text)                                                                              \
    {                                                                                              \
        .kind = OPTION_HEADING, .help = text                                                       \
    }

static const struct option_spec specs[] = {
    HEADING("Picture"),
    { "source", 's', OPTION_TEXT, FIELD(source), "SOURCE", "libcamera", 0, 0, NULL,
      "libcamera, libcamera:ID or libcamera:INDEX for a camera; pattern for a test picture; or the "
      "path of a .y4m file, which is replayed in a loop",
      false },
    { "size", 0, OPTION_SIZE, FIELD(size), "WxH", NULL, PICTURE_MIN_SIDE, PICTURE_MAX_SIDE, NULL,
      "width and height in pixels; without it the source decides (a camera: what is closest to "
      "1920x1080)",
      false },
    { "fps", 0, OPTION_NUMBER, FIELD(fps), "FPS", NULL, 0.01, 10000, NULL,
      "frames per second; without it the source decides", false },
    { "unpaced", 0, OPTION_FLAG, FIELD(unpaced), NULL, NULL, 0, 0, NULL,
      "pattern and .y4m: frames as fast as they can be encoded, for measurements", false },
    { "hflip", 0, OPTION_FLAG, FIELD(hflip), NULL, NULL, 0, 0, NULL, "mirror left to right",
      false },
    { "vflip", 0, OPTION_FLAG, FIELD(vflip), NULL, NULL, 0, 0, NULL, "mirror top to bottom",
      false },
    { "rotation", 0, OPTION_CHOICE, FIELD(rotation), "DEGREES", "0", 0, 0, rotations,
      "turn the picture by 0 or 180 degrees", false },
    { "quality", 'q', OPTION_INT, FIELD(quality), "1..100", "80", 1, 100, NULL, "JPEG quality",
      false },
    { "bitrate", 'b', OPTION_RATE, FIELD(bitrate), "BITS", NULL, 10000, 1e10, NULL,
      "keep the stream at so many bits per second (K, M or G may follow) by lowering the quality "
      "down to --min-quality",
      false },
    { "adaptive", 0, OPTION_FLAG, FIELD(adaptive), NULL, NULL, 0, 0, NULL,
      "lower the quality, down to --min-quality, to what the slowest live receiver's network takes",
      false },
    { "min-quality", 0, OPTION_INT, FIELD(min_quality), "1..100", "25", 1, 100, NULL,
      "the lowest quality for --bitrate and --adaptive", false },
    { "threads", 0, OPTION_INT, FIELD(threads), "N", "0", 0, ENCODE_THREADS_MAX, NULL,
      "encoder threads; 0 is one for each core", false },
    { "slices", 0, OPTION_INT, FIELD(slices), "N", "0", 0, FRAME_SLICES_MAX, NULL,
      "slices that a frame is cut into, so that threads can share it; 0 is four for each thread",
      false },
    { "frames", 'n', OPTION_COUNT, FIELD(frames), "N", "0", 0, 1e15, NULL,
      "end after N captured frames; 0 is never", false },
    HEADING("Network"),
    { "listen", 'l', OPTION_LIST, FIELD(listen), "ADDRESS", NULL, 0, 0, NULL,
      "HOST, HOST:PORT, [IPV6]:PORT or unix:/PATH; may be given again (default: 127.0.0.1:7484 and "
      "[::1]:7484)",
      false },
    { "insecure-plaintext", 0, OPTION_FLAG, FIELD(insecure_plaintext), NULL, NULL, 0, 0, NULL,
      "allow addresses that other machines can reach: anyone who reaches them sees the camera, and "
      "so does anyone on the way",
      false },
    { "max-clients", 0, OPTION_INT, FIELD(max_clients), "N", "64", 1, 1000, NULL,
      "receivers at the same time", false },
    { "queue-bytes", 0, OPTION_BYTES, FIELD(queue_bytes), "BYTES", "32M", 65536, 1 << 30, NULL,
      "how much may wait for a lossless receiver before frames are dropped; for all of them "
      "together "
      "it is twice as much",
      false },
    { "always-on", 0, OPTION_FLAG, FIELD(always_on), NULL, NULL, 0, 0, NULL,
      "keep the camera running even while nobody watches", false },
    HEADING("Keys"),
    { "keys", 0, OPTION_TEXT, FIELD(keys), "FILE", NULL, 0, 0, NULL,
      "the keys of those who may watch; without it systemd's credential \"keys\" if there is one, "
      "or else /etc/pitether/keys",
      false },
    { "add-key", 0, OPTION_TEXT, FIELD(add_key), "NAME", NULL, 0, 0, NULL,
      "make a key for the receiver that is to be known by NAME, print it, and exit", true },
    { "role", 0, OPTION_CHOICE, FIELD(role), "ROLE", "view", 0, 0, key_role_names,
      "what the key of --add-key is good for: view; or control, which is noted for a later "
      "protocol with controls, and is view until then",
      true },
    { "list-keys", 0, OPTION_FLAG, FIELD(list_keys), NULL, NULL, 0, 0, NULL,
      "show name, role and public id of each key, and exit", true },
    { "revoke", 0, OPTION_TEXT, FIELD(revoke), "NAME", NULL, 0, 0, NULL,
      "remove the key of that name, and exit", true },
    HEADING("The rest"),
    { "list-cameras", 0, OPTION_FLAG, FIELD(list_cameras), NULL, NULL, 0, 0, NULL,
      "show id, model, sizes and formats of each camera, and exit", true },
    { "stats", 0, OPTION_INT, FIELD(stats), "SECONDS", "0", 0, 86400, NULL,
      "log what goes on every so many seconds; 0 is never", false },
    { "user", 0, OPTION_TEXT, FIELD(user), "NAME", NULL, 0, 0, NULL,
      "started as root: the user to go on as once camera, addresses and keys are open; without it "
      "pitether if there is such a user, or else nobody; it keeps the groups video, render and kvm",
      false },
    { "pattern-faults", 0, OPTION_TEXT, FIELD(pattern_faults), "SCRIPT", NULL, 0, 0, NULL,
      "for tests only: have the test picture fail as if it came from a camera, e.g. "
      "stall@100:5s,unplug@200:2s,gap@300:7 (see device/camera/faults.h)",
      false },
    { "config", 'c', OPTION_TEXT, FIELD(config), "FILE", NULL, 0, 0, NULL,
      "read options from FILE: lines of the form key = value, with the long names; what the "
      "command line says goes first",
      true },
    { "log-level", 0, OPTION_CHOICE, FIELD(log_level), "LEVEL", "info", 0, 0, log_level_names,
      "error, warning, info or debug", false },
    { "version", 'V', OPTION_FLAG, FIELD(version), NULL, NULL, 0, 0, NULL,
      "print the version and exit", true },
    { "help", 'h', OPTION_FLAG, FIELD(help), NULL, NULL, 0, 0, NULL, "print this and exit", true },
};

static const struct option_foreign receivers_options[] = {
    { "save", 'o' },         { "name", 0 },       { "sync", 0 },         { "stdout", 0 },
    { "window", 'w' },       { "null", 0 },       { "duration", 't' },   { "timeout", 0 },
    { "every", 0 },          { "max-fps", 0 },    { "lossless", 0 },     { "live", 0 },
    { "import-key", 0 },     { "forget-key", 0 }, { "no-reconnect", 0 }, { "latency", 0 },
    { "latency-report", 0 }, { NULL, 0 },
};

enum { SPEC_COUNT = sizeof(specs) / sizeof(specs[0]) };

const struct option_table device_option_table = {
    .specs = specs,
    .count = SPEC_COUNT,
    .foreign = receivers_options,
    .foreign_hint = "is an option of pitether, which receives the stream: give it there",
    .usage = "pitetherd [OPTION]...",
    .about = "Streams a camera's frames, as JPEG over TCP, to whoever runs pitether.",
    .after =
        "Exit codes: 0 ended in order, 1 a system call failed, 2 bad option or configuration,\n"
        "3 the camera can't be used, 4 an address can't be listened at.",
};

static int check_addresses(const struct option_list *listen, struct error *error)
{
    struct address address;
    int result = 0;
    for (unsigned i = 0; i < listen->count && !result; i++)
        result = listener_parse(listen->items[i], &address, error);
    return result;
}

int device_options_read(struct device_options *options, int argc, char **argv, struct error *error)
{
    bool given[SPEC_COUNT] = { false };
    memset(options, 0, sizeof(*options));
    options_defaults(&device_option_table, options);
    int result = options_parse(&device_option_table, options, argc, argv, given, NULL, error);
    if (!result && options->config)
        result = options_read_file(&device_option_table, options, options->config, given, error);
    if (!result &&
        (options->add_key != NULL) + (options->revoke != NULL) + options->list_keys > 1) {
        return error_set(error, -EINVAL, "--add-key, --list-keys and --revoke: give one of them");
    }
    return result ? result : check_addresses(&options->listen, error);
}
