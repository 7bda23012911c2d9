/*
 * The rows of pitetherd's options. What they must fulfil together is checked in options.c.
 */
#include "device/image/picture.h"
#include "device/options.h"
#include "device/stream/encoder.h"
#include "shared/base/log.h"
#include "shared/keys/keys.h"
#include "shared/protocol/wire_streams.h"

static const char *const rotations[] = { "0", "90", "180", "270", NULL };

#define DAEMON(field) OPTION_GLOBAL, offsetof(struct device_options, field)
#define COMMAND(field) OPTION_COMMAND_LINE, offsetof(struct device_options, field)
#define STREAM(field) OPTION_SECTION, offsetof(struct stream_options, field)
#define HEADING(text)                                                                              \
    {                                                                                              \
        .kind = OPTION_HEADING, .help = text                                                       \
    }

static const struct option_spec specs[] = {
    HEADING("Streams (also in the sections of the configuration file)"),
    { "name", 0, OPTION_TEXT, STREAM(name), "NAME", NULL, 0, 0, NULL,
      "what receivers call the stream, as in pitether HOST/NAME: " STREAM_NAME_RULE
      "; a section is called by its heading (default: camera)" },
    { "source", 's', OPTION_TEXT, STREAM(source), "SOURCE", "libcamera", 0, 0, NULL,
      "libcamera for the first camera (built-in ones before USB ones), libcamera:ID, "
      "libcamera:INDEX or libcamera:model=TEXT (the only one whose model contains TEXT) for "
      "another, see --list-cameras; pattern for a test picture; or the path of a .y4m file, which "
      "is replayed in a loop" },
    { "size", 0, OPTION_SIZE, STREAM(size), "WxH", NULL, PICTURE_MIN_SIDE, PICTURE_MAX_SIDE, NULL,
      "width and height in pixels; without it the source decides (a camera: what is closest to "
      "1920x1080)" },
    { "preview-size", 0, OPTION_SIZE, STREAM(preview_size), "WxH", NULL, PICTURE_MIN_SIDE,
      PICTURE_MAX_SIDE, NULL,
      "give the camera a second, smaller output of about this size: a stream of its own called "
      "NAME/preview, which is encoded only while somebody watches it" },
    { "fps", 0, OPTION_RANGE, STREAM(fps), "FPS", NULL, 0.01, 10000, NULL,
      "frames per second, or a range such as 5-30, within which a camera lowers the rate for "
      "longer exposures; without it the source decides" },
    { "full-view", 0, OPTION_FLAG, STREAM(full_view), NULL, NULL, 0, 0, NULL,
      "use a mode of the sensor that shows all of its view, even if that mode is slower" },
    { "mode", 0, OPTION_TEXT, STREAM(sensor_mode), "MODE", NULL, 0, 0, NULL,
      "the mode of the sensor, as WIDTH:HEIGHT or WIDTH:HEIGHT:BITS" },
    { "unpaced", 0, OPTION_FLAG, STREAM(unpaced), NULL, NULL, 0, 0, NULL,
      "pattern and .y4m: frames as fast as they can be encoded, for measurements" },
    { "hflip", 0, OPTION_FLAG, STREAM(hflip), NULL, NULL, 0, 0, NULL, "mirror left to right" },
    { "vflip", 0, OPTION_FLAG, STREAM(vflip), NULL, NULL, 0, 0, NULL, "mirror top to bottom" },
    { "rotation", 0, OPTION_CHOICE, STREAM(rotation), "DEGREES", "0", 0, 0, rotations,
      "turn the picture clockwise, after it is mirrored: 0, 90, 180 or 270 degrees; --size is the "
      "camera's, before the picture is turned" },
    { "quality", 'q', OPTION_INT, STREAM(quality), "1..100", "80", 1, 100, NULL,
      "JPEG quality; a USB camera that compresses its pictures itself has its own" },
    { "bitrate", 'b', OPTION_RATE, STREAM(bitrate), "BITS", NULL, 10000, 1e10, NULL,
      "limit the stream to this many bits per second (K, M or G may follow) by lowering the "
      "quality, down to --min-quality" },
    { "adaptive", 0, OPTION_FLAG, STREAM(adaptive), NULL, NULL, 0, 0, NULL,
      "lower the quality, down to --min-quality, to what the network of the slowest live receiver "
      "carries" },
    { "min-quality", 0, OPTION_INT, STREAM(min_quality), "1..100", "25", 1, 100, NULL,
      "the lowest quality for --bitrate and --adaptive" },
    { "slices", 0, OPTION_INT, STREAM(slices), "N", "0", 0, FRAME_SLICES_MAX, NULL,
      "slices that a frame is cut into, so that threads can share it; 0 is four for each thread" },
    { "frames", 'n', OPTION_COUNT, STREAM(frames), "N", "0", 0, 1e15, NULL,
      "end after N captured frames; 0 is never" },
    { "always-on", 0, OPTION_FLAG, STREAM(always_on), NULL, NULL, 0, 0, NULL,
      "keep the camera running even while nobody watches" },
    { "pattern-faults", 0, OPTION_TEXT, STREAM(pattern_faults), "SCRIPT", NULL, 0, 0, NULL,
      "have the test picture fail as a camera would, to test what receivers do: at frame N "
      "stall@N[:TIME], unplug@N:TIME, gap@N:COUNT, broken@N:COUNT, absent@0:TIME, "
      "slow-start@N:TIME, late@N or hang@N[:TIME]; with changes of its controls from frame N on "
      "ignore@N[:COUNT], clamp@N[:COUNT], reject@N[:COUNT], slow@N:FRAMES, unreported@N or "
      "unshown@N; with stills switch@0; separated by commas, with times as 5s or 250ms" },
    HEADING("Camera controls (also in the sections of the configuration file)"),
    { "control", 0, OPTION_LIST, STREAM(controls), "NAME=VALUE", NULL, 0, 0, NULL,
      "set any control that the camera has (see --list-controls), by its name or by one of the "
      "names below; auto leaves it to the camera, default sets the camera's default; may be given "
      "again" },
    { "shutter", 0, OPTION_TEXT, STREAM(aliases[ALIAS_SHUTTER]), "TIME", NULL, 0, 0, NULL,
      "the exposure time: 10ms, 1/100 (of a second), 0.5s, or microseconds" },
    { "gain", 0, OPTION_TEXT, STREAM(aliases[ALIAS_GAIN]), "GAIN", NULL, 0, 0, NULL,
      "the analogue gain, 1 and up" },
    { "analoggain", 0, OPTION_TEXT, STREAM(aliases[ALIAS_ANALOGGAIN]), "GAIN", NULL, 0, 0, NULL,
      "the same as --gain" },
    { "ev", 0, OPTION_TEXT, STREAM(aliases[ALIAS_EV]), "STOPS", NULL, 0, 0, NULL,
      "how much brighter than usual automatic exposure makes the picture; less than 0 is "
      "darker" },
    { "metering", 0, OPTION_TEXT, STREAM(aliases[ALIAS_METERING]), "MODE", NULL, 0, 0, NULL,
      "what automatic exposure looks at: centre, spot, average or custom" },
    { "exposure", 0, OPTION_TEXT, STREAM(aliases[ALIAS_EXPOSURE]), "MODE", NULL, 0, 0, NULL,
      "what automatic exposure prefers: normal, sport (short exposures), long or custom" },
    { "awb", 0, OPTION_TEXT, STREAM(aliases[ALIAS_AWB]), "MODE", NULL, 0, 0, NULL,
      "automatic white balance: auto, incandescent, tungsten, fluorescent, indoor, daylight, "
      "cloudy or custom" },
    { "awbgains", 0, OPTION_TEXT, STREAM(aliases[ALIAS_AWBGAINS]), "RED,BLUE", NULL, 0, 0, NULL,
      "the gains of red and blue, in place of automatic white balance" },
    { "ccm", 0, OPTION_TEXT, STREAM(aliases[ALIAS_CCM]), "NUMBERS", NULL, 0, 0, NULL,
      "the nine numbers of the colour correction matrix, row by row, with commas between "
      "them; with --awbgains" },
    { "brightness", 0, OPTION_TEXT, STREAM(aliases[ALIAS_BRIGHTNESS]), "N", NULL, 0, 0, NULL,
      "-1 to 1; 0 is normal" },
    { "contrast", 0, OPTION_TEXT, STREAM(aliases[ALIAS_CONTRAST]), "N", NULL, 0, 0, NULL,
      "0 and up; 1 is normal" },
    { "saturation", 0, OPTION_TEXT, STREAM(aliases[ALIAS_SATURATION]), "N", NULL, 0, 0, NULL,
      "0 (grey) and up; 1 is normal" },
    { "sharpness", 0, OPTION_TEXT, STREAM(aliases[ALIAS_SHARPNESS]), "N", NULL, 0, 0, NULL,
      "0 and up; 1 is normal" },
    { "denoise", 0, OPTION_TEXT, STREAM(aliases[ALIAS_DENOISE]), "MODE", NULL, 0, 0, NULL,
      "off, cdn_off, cdn_fast, cdn_hq, or auto, which is cdn_fast" },
    { "flicker-period", 0, OPTION_TEXT, STREAM(aliases[ALIAS_FLICKER_PERIOD]), "TIME", NULL, 0, 0,
      NULL,
      "let exposures be multiples of this, so that lamps don't flicker: 10000us where mains "
      "have 50 Hz, 8333us where they have 60 Hz; or off" },
    { "roi", 0, OPTION_TEXT, STREAM(aliases[ALIAS_ROI]), "X,Y,W,H", NULL, 0, 0, NULL,
      "show only this part of what the sensor sees: in fractions from 0 to 1, or in pixels of "
      "the sensor" },
    { "autofocus-mode", 0, OPTION_TEXT, STREAM(aliases[ALIAS_AUTOFOCUS_MODE]), "MODE", NULL, 0, 0,
      NULL, "manual, auto (once at the start), continuous, or default, which is continuous" },
    { "autofocus-range", 0, OPTION_TEXT, STREAM(aliases[ALIAS_AUTOFOCUS_RANGE]), "RANGE", NULL, 0,
      0, NULL, "normal, macro or full" },
    { "autofocus-speed", 0, OPTION_TEXT, STREAM(aliases[ALIAS_AUTOFOCUS_SPEED]), "SPEED", NULL, 0,
      0, NULL, "normal or fast" },
    { "autofocus-window", 0, OPTION_TEXT, STREAM(aliases[ALIAS_AUTOFOCUS_WINDOW]), "X,Y,W,H", NULL,
      0, 0, NULL, "what autofocus looks at, written as for --roi" },
    { "lens-position", 0, OPTION_TEXT, STREAM(aliases[ALIAS_LENS_POSITION]), "N", NULL, 0, 0, NULL,
      "the focus, in dioptres (2 is half a metre, 0 infinity), or default" },
    { "hdr", 0, OPTION_TEXT, STREAM(aliases[ALIAS_HDR]), "MODE", NULL, 0, 0, NULL,
      "off, single-exp (auto is the same), or sensor, which is the sensor's own HDR" },
    HEADING("Encoder and network"),
    { "threads", 0, OPTION_INT, DAEMON(threads), "N", "0", 0, ENCODE_THREADS_MAX, NULL,
      "encoder threads, which all streams share; 0 is one for each core" },
    { "listen", 'l', OPTION_LIST, DAEMON(listen), "ADDRESS", NULL, 0, 0, NULL,
      "HOST, HOST:PORT, [IPV6]:PORT or unix:/PATH; may be given again (default: 127.0.0.1:7484 and "
      "[::1]:7484)" },
    { "insecure-plaintext", 0, OPTION_FLAG, DAEMON(insecure_plaintext), NULL, NULL, 0, 0, NULL,
      "allow addresses that other machines can reach without keys: anyone who reaches them, and "
      "anyone on the path, can watch and, without --view-only, set the cameras' controls" },
    { "view-only", 0, OPTION_FLAG, DAEMON(view_only), NULL, NULL, 0, 0, NULL,
      "let receivers without a key (on this machine, or with --insecure-plaintext) watch, but not "
      "set controls" },
    { "max-clients", 0, OPTION_INT, DAEMON(max_clients), "N", "64", 1, 1000, NULL,
      "maximum number of receivers at the same time" },
    { "queue-bytes", 0, OPTION_BYTES, DAEMON(queue_bytes), "BYTES", "32M", 65536, 1 << 30, NULL,
      "how much may be queued for a lossless receiver before frames are dropped; all receivers of "
      "a stream together may have twice as much" },
    HEADING("Keys"),
    { "keys", 0, OPTION_TEXT, DAEMON(keys), "FILE", NULL, 0, 0, NULL,
      "the keys of receivers; without it systemd's credential \"keys\" if there is one, or else "
      "/etc/pitether/keys" },
    { "add-key", 0, OPTION_TEXT, COMMAND(add_key), "NAME", NULL, 0, 0, NULL,
      "make a key for a receiver called NAME, print it, and exit" },
    { "role", 0, OPTION_CHOICE, COMMAND(role), "ROLE", "view", 0, 0, key_role_names,
      "what the key of --add-key permits: view, or control, which also permits setting the "
      "camera's controls, and stills that interrupt a stream that others watch" },
    { "list-keys", 0, OPTION_FLAG, COMMAND(list_keys), NULL, NULL, 0, 0, NULL,
      "print name, role and public id of each key, and exit" },
    { "revoke", 0, OPTION_TEXT, COMMAND(revoke), "NAME", NULL, 0, 0, NULL,
      "remove the key of that name, and exit" },
    HEADING("Other options"),
    { "list-cameras", 0, OPTION_FLAG, COMMAND(list_cameras), NULL, NULL, 0, 0, NULL,
      "show index, id, model, sizes and formats of each camera, and exit" },
    { "list-controls", 0, OPTION_FLAG, COMMAND(list_controls), NULL, NULL, 0, 0, NULL,
      "list the controls of each stream's camera, and exit" },
    { "tuning-file", 0, OPTION_TEXT, DAEMON(tuning_file), "FILE", NULL, 0, 0, NULL,
      "the tuning file for a Raspberry Pi's cameras, in place of libcamera's own for the sensor" },
    { "stats", 0, OPTION_INT, DAEMON(stats), "SECONDS", "0", 0, 86400, NULL,
      "log statistics every this many seconds; 0 is never" },
    { "user", 0, OPTION_TEXT, DAEMON(user), "NAME", NULL, 0, 0, NULL,
      "started as root: the user to run as once camera, addresses and keys are open; without it "
      "pitether if there is such a user, or else nobody; it keeps the groups video, render and "
      "kvm" },
    { "config", 'c', OPTION_TEXT, COMMAND(config), "FILE", NULL, 0, 0, NULL,
      "read options from FILE: lines of the form key = value, with the long names; each section "
      "under a heading [NAME] describes a stream, and what stands before the first one holds for "
      "all of them; the command line takes precedence" },
    { "log-level", 0, OPTION_CHOICE, DAEMON(log_level), "LEVEL", "info", 0, 0, log_level_names,
      "error, warning, info or debug" },
    { "version", 'V', OPTION_FLAG, COMMAND(version), NULL, NULL, 0, 0, NULL,
      "print the version and exit" },
    { "help", 'h', OPTION_FLAG, COMMAND(help), NULL, NULL, 0, 0, NULL, "print this and exit" },
};

static const struct option_foreign receivers_options[] = {
    { "save", 'o' },        { "sync", 0 },          { "stdout", 0 },       { "window", 'w' },
    { "null", 0 },          { "duration", 't' },    { "timeout", 0 },      { "every", 0 },
    { "max-fps", 0 },       { "lossless", 0 },      { "live", 0 },         { "import-key", 0 },
    { "forget-key", 0 },    { "no-reconnect", 0 },  { "latency", 0 },      { "latency-report", 0 },
    { "settle", 0 },        { "stream", 0 },        { "list-streams", 0 }, { "still", 0 },
    { "controls", 0 },      { "json", 0 },          { "get", 0 },          { "set", 0 },
    { "load-controls", 0 }, { "save-controls", 0 }, { "lock", 0 },         { NULL, 0 },
};

_Static_assert(sizeof(specs) / sizeof(specs[0]) <= DEVICE_OPTIONS_MAX, "see options.h");

static const struct option_sections stream_sections = {
    .array = offsetof(struct device_options, streams),
    .size = sizeof(struct stream_options),
    .max = DEVICE_STREAMS_MAX,
    .count = offsetof(struct device_options, stream_count),
    .name = offsetof(struct stream_options, name),
    .line = offsetof(struct stream_options, line),
    .name_is_good = wire_name_is_good,
    .name_rule = STREAM_NAME_RULE,
};

const struct option_table device_option_table = {
    .specs = specs,
    .count = sizeof(specs) / sizeof(specs[0]),
    .sections = &stream_sections,
    .foreign = receivers_options,
    .foreign_hint = "is an option of pitether, which receives the stream: give it there",
    .usage = "pitetherd [OPTION]...",
    .about = "Streams the frames of cameras, as JPEG over TCP, to receivers that run pitether.",
    .after =
        "Exit codes: 0 shut down cleanly, 1 a system call failed, 2 bad option or configuration,\n"
        "3 the camera can't be used, 4 listening on an address failed.",
};
