#include "host/options.h"

#include <string.h>

#include "host/options_check.h"
#include "shared/base/log.h"
#include "shared/protocol/wire.h"

#define FIELD(name) OPTION_GLOBAL, offsetof(struct host_options, name)
#define HEADING(text)                                                                              \
    {                                                                                              \
        .kind = OPTION_HEADING, .help = text                                                       \
    }

#define SETTLE_DEFAULT_S 5

static const char *const sync_words[] = { "off", "each", NULL };

static const struct option_spec specs[] = {
    HEADING("Where the frames go (sinks; they combine over one connection)"),
    { "save", 'o', OPTION_TEXT, FIELD(save), "DIR", NULL, 0, 0, NULL,
      "save each frame as a JPEG file in DIR, with an index in DIR/frames.csv and "
      "DIR/frames.jsonl; several streams each have a folder in DIR, with the stream's name" },
    { "name", 0, OPTION_TEXT, FIELD(name), "TEMPLATE", "frame-{n}.jpg", 0, 0, NULL,
      "file names for --save: {n} is a number that continues from the last one in DIR, {id} the "
      "frame id, {sensor} the sensor time in ns, {wall} the wall clock time, {epoch} the daemon's "
      "run; without {n}, a name that exists gets -2, -3, ..." },
    { "sync", 0, OPTION_COUNT, FIELD(sync), "WHEN", "off", 0, 1e9, sync_words,
      "how many saved frames a power cut may cost. off: those that the system has not written yet; "
      "N: at most the last N, as all are synced to disk after every N; each: none, as each "
      "picture, its name and its line in the index are synced to disk in turn" },
    { "stdout", 0, OPTION_FLAG, FIELD(to_stdout), NULL, NULL, 0, 0, NULL,
      "write the JPEGs to standard output, one after the other; a reader that is too slow gets the "
      "newest ones, unless --lossless is given" },
    { "window", 'w', OPTION_FLAG, FIELD(window), NULL, NULL, 0, 0, NULL,
      "show the newest frame in a window: F1 lists its keys, Tab shows the camera's controls, q "
      "quits. Several streams are side by side; a click or 1 to 9 shows one alone, and 0 or Esc "
      "all of them. The default if there is a display and no other sink" },
    { "null", 0, OPTION_FLAG, FIELD(null), NULL, NULL, 0, 0, NULL,
      "receive, check and count the frames only" },
    HEADING("Which frames"),
    { "frames", 'n', OPTION_COUNT, FIELD(frames), "N", "0", 0, 1e15, NULL,
      "end after N frames of each stream, not counting those that --stdout skips; 0 is never" },
    { "duration", 't', OPTION_NUMBER, FIELD(duration), "SECONDS", "0", 0, 1e9, NULL,
      "end this long after the first frame, and keep what was captured until then; 0 is never" },
    { "timeout", 0, OPTION_NUMBER, FIELD(timeout), "SECONDS", "0", 0, 1e9, NULL,
      "end after this long without a frame, at the start or later, connected or not; 0 is never" },
    { "settle", 0, OPTION_NUMBER, FIELD(settle), "SECONDS", NULL, 0, 60, NULL,
      "leave out the frames before exposure, white balance and focus have settled, as the camera "
      "reports, for at most this long; 0 leaves none out. The default is 5 with --frames 1, "
      "--still and --lock, and otherwise 0" },
    { "every", 0, OPTION_COUNT, FIELD(every), "N", "1", 1, 1e9, NULL,
      "receive one frame of N, by the camera's count; not together with --max-fps" },
    { "max-fps", 0, OPTION_NUMBER, FIELD(max_fps), "FPS", "0", 0, 10000, NULL,
      "receive at most this many frames per second; 0 is all" },
    { "lossless", 0, OPTION_FLAG, FIELD(lossless), NULL, NULL, 0, 0, NULL,
      "the daemon queues what can't be sent at once (the default with --save), and --stdout waits "
      "for its reader" },
    { "live", 0, OPTION_FLAG, FIELD(live), NULL, NULL, 0, 0, NULL,
      "the daemon sends only the newest frame (the default otherwise)" },
    { "stream", 0, OPTION_TEXT, FIELD(stream), "NAME", NULL, 0, 0, NULL,
      "receive this stream of the daemon, like HOST/NAME; for addresses of the form unix:/PATH" },
    { "list-streams", 0, OPTION_FLAG, FIELD(list_streams), NULL, NULL, 0, 0, NULL,
      "list the daemon's streams with model, size, rate and state, and exit" },
    HEADING("Stills"),
    { "still", 0, OPTION_TEXT, FIELD(still), "FILE", NULL, 0, 0, NULL,
      "take one picture of the sensor's full size, save it as FILE, replacing an earlier file, "
      "print its size and exposure, and exit. Others go on watching; if the camera can't take a "
      "still while it streams, it is switched, and the stream pauses for about a second: while "
      "somebody watches, that needs the right to set controls" },
    { "size", 0, OPTION_SIZE, FIELD(size), "WxH", NULL, WIRE_SIDE_MIN, WIRE_SIDE_MAX, NULL,
      "the size that the camera is asked for with --still, instead of the full one; it gives the "
      "nearest that it can, and is switched for it as above" },
    { "quality", 'q', OPTION_INT, FIELD(quality), "1..100", NULL, 1, 100, NULL,
      "JPEG quality for --still; without it, the stream's" },
    HEADING("The camera's controls"),
    { "controls", 0, OPTION_FLAG, FIELD(controls), NULL, NULL, 0, 0, NULL,
      "list the camera's controls with type, range, default, the value that is set and the one in "
      "force now, and exit" },
    { "json", 0, OPTION_FLAG, FIELD(json), NULL, NULL, 0, 0, NULL,
      "write the list of --controls as one JSON document, with all that the camera reports" },
    { "get", 0, OPTION_TEXT, FIELD(get), "NAME", NULL, 0, 0, NULL,
      "print the value of a control that is in force, or what the camera reports under that name, "
      "and exit; upper and lower case are the same" },
    { "set", 0, OPTION_LIST, FIELD(set), "NAME=VALUE[,...]", NULL, 0, 0, NULL,
      "set controls, all of them or none; auto gives a control back to the camera, default sets "
      "its default, and rpicam's names may be used (shutter=10ms). May be given again. With a "
      "sink, the controls are set first, and the log says from which frame on they are in force; "
      "without one, pitether prints the result for each, and exits" },
    { "load-controls", 0, OPTION_TEXT, FIELD(load_controls), "FILE", NULL, 0, 0, NULL,
      "set the values in FILE, which --save-controls wrote, before those of --set" },
    { "save-controls", 0, OPTION_TEXT, FIELD(save_controls), "FILE", NULL, 0, 0, NULL,
      "save what is set on the camera in FILE, as lines of NAME = VALUE, replacing an earlier "
      "file, and exit" },
    { "lock", 0, OPTION_FLAG, FIELD(lock), NULL, NULL, 0, 0, NULL,
      "wait until exposure and white balance have settled, for at most --settle, fix exposure, "
      "gain and white balance at the values that they have then, print these, and exit" },
    HEADING("Keys"),
    { "import-key", 0, OPTION_TEXT, FIELD(import_key), "HOST", NULL, 0, 0, NULL,
      "read from standard input the line that pitetherd --add-key printed, store it as the key for "
      "HOST, and exit" },
    { "forget-key", 0, OPTION_TEXT, FIELD(forget_key), "HOST", NULL, 0, 0, NULL,
      "remove the key for HOST, and exit" },
    { "keys", 0, OPTION_TEXT, FIELD(keys), "FILE", NULL, 0, 0, NULL,
      "the file that keys are stored in; without it pitether/keys in $XDG_CONFIG_HOME, or in "
      "~/.config" },
    HEADING("Other options"),
    { "no-reconnect", 0, OPTION_FLAG, FIELD(no_reconnect), NULL, NULL, 0, 0, NULL,
      "end when the connection fails, instead of trying again" },
    { "stats", 0, OPTION_FLAG, FIELD(stats), NULL, NULL, 0, 0, NULL,
      "log rates every 10 s, and drops and the latency of each stage at the end" },
    { "latency", 0, OPTION_TEXT, FIELD(latency), "FILE", NULL, 0, 0, NULL,
      "write the time of each stage of each frame to FILE, as CSV, replacing an earlier run's; - "
      "is standard output; several streams share the file" },
    { "latency-report", 0, OPTION_FLAG, FIELD(latency_report), NULL, NULL, 0, 0, NULL,
      "print the latency of each stage at the end, with bars" },
    { "log-level", 0, OPTION_CHOICE, FIELD(log_level), "LEVEL", "info", 0, 0, log_level_names,
      "error, warning, info or debug" },
    { "version", 'V', OPTION_FLAG, FIELD(version), NULL, NULL, 0, 0, NULL,
      "print the version and exit" },
    { "help", 'h', OPTION_FLAG, FIELD(help), NULL, NULL, 0, 0, NULL, "print this and exit" },
};

static const struct option_foreign daemons_options[] = {
    { "source", 's' },
    { "fps", 0 },
    { "unpaced", 0 },
    { "hflip", 0 },
    { "vflip", 0 },
    { "rotation", 0 },
    { "bitrate", 'b' },
    { "adaptive", 0 },
    { "min-quality", 0 },
    { "threads", 0 },
    { "slices", 0 },
    { "listen", 'l' },
    { "insecure-plaintext", 0 },
    { "max-clients", 0 },
    { "queue-bytes", 0 },
    { "always-on", 0 },
    { "add-key", 0 },
    { "role", 0 },
    { "list-keys", 0 },
    { "revoke", 0 },
    { "preview-size", 0 },
    { "list-cameras", 0 },
    { "user", 0 },
    { "pattern-faults", 0 },
    { "config", 'c' },
    { "full-view", 0 },
    { "mode", 0 },
    { "control", 0 },
    { "shutter", 0 },
    { "gain", 0 },
    { "analoggain", 0 },
    { "ev", 0 },
    { "metering", 0 },
    { "exposure", 0 },
    { "awb", 0 },
    { "awbgains", 0 },
    { "ccm", 0 },
    { "brightness", 0 },
    { "contrast", 0 },
    { "saturation", 0 },
    { "sharpness", 0 },
    { "denoise", 0 },
    { "flicker-period", 0 },
    { "roi", 0 },
    { "autofocus-mode", 0 },
    { "autofocus-range", 0 },
    { "autofocus-speed", 0 },
    { "autofocus-window", 0 },
    { "lens-position", 0 },
    { "hdr", 0 },
    { "tuning-file", 0 },
    { "view-only", 0 },
    { "list-controls", 0 },
    { NULL, 0 },
};

const struct option_table host_option_table = {
    .specs = specs,
    .count = sizeof(specs) / sizeof(specs[0]),
    .foreign = daemons_options,
    .foreign_hint = "is an option of pitetherd, the daemon on the machine with the camera: give it "
                    "there, on its command line or in /etc/pitether/pitetherd.conf",
    .usage = "pitether [OPTION]... HOST[:PORT][/STREAM]...   (also [IPV6]:PORT and unix:/PATH)",
    .about = "Receives the frames that pitetherd streams from a camera.",
    .after =
        "Exit codes: 0 everything requested was done, 1 a system call failed, 2 bad option or\n"
        "keys file, 3 the connection failed or was lost, 4 a sink could not take every frame, or\n"
        "the file of --latency not every line, 5 frames are missing from a lossless stream, or\n"
        "arrived damaged, 6 it ended before --frames or --duration was reached, 7 no frame came\n"
        "for --timeout, 8 a control was not set, or the camera has none of that name. Of several\n"
        "streams the worst counts: a system call, then a sink, the connection, --timeout, a\n"
        "control, an early end, missing frames.",
};

int host_options_read(struct host_options *options, int argc, char **argv, struct error *error)
{
    memset(options, 0, sizeof(*options));
    options_defaults(&host_option_table, options);
    options->settle = -1;
    int result =
        options_parse(&host_option_table, options, argc, argv, NULL, &options->addresses, error);
    if (result || options->help || options->version)
        return result;
    /* A single frame is to be a good one, and so is what is locked. */
    bool single = options->frames == 1 || options->still || options->lock;
    if (options->settle < 0)
        options->settle = single ? SETTLE_DEFAULT_S : 0;
    return options_check(options, error);
}
