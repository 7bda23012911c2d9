#include "host/options_check.h"

#include <errno.h>
#include <string.h>

#include "host/sinks/files/file_name.h"
#include "host/sinks/files/frame_csv.h"
#include "host/sinks/files/frame_json.h"
#include "host/sinks/files/save_target.h"

/* How many addresses there are to be. */
static int check_addresses(const struct host_options *options, struct error *error)
{
    unsigned count = options->addresses.count;
    if (options->import_key && options->forget_key)
        return error_set(error, -EINVAL, "--import-key and --forget-key exclude one another");
    if (options->import_key || options->forget_key)
        return count == 0 ? 0
                          : error_set(error, -EINVAL,
                                      "--import-key and --forget-key name the host themselves: "
                                      "give no other");
    if (count == 0)
        return error_set(error, -EINVAL,
                         "where is the daemon? Give its address: pitether [OPTION]... "
                         "HOST[:PORT][/STREAM]...");
    if (options->list_streams && count > 1)
        return error_set(error, -EINVAL, "--list-streams asks one daemon: give one address");
    if (options->to_stdout && count > 1)
        return error_set(error, -EINVAL,
                         "--stdout: frames of several streams can't be told apart in one pipe; "
                         "start one pitether for each, or give --save DIR");
    return 0;
}

static int check_latency(const struct host_options *options, struct error *error)
{
    const char *slash = strrchr(options->latency, '/');
    const char *name = slash ? slash + 1 : options->latency;
    if (strcmp(name, frame_csv.name) == 0 || strcmp(name, frame_json.name) == 0)
        return error_set(error, -EINVAL,
                         "--latency: %s is what --save calls its index: give another name", name);
    if (options->to_stdout && strcmp(options->latency, "-") == 0)
        return error_set(error, -EINVAL,
                         "--latency - and --stdout exclude one another: both write to standard "
                         "output");
    return 0;
}

/* A sink that frames are to go to is named. */
static bool names_sink(const struct host_options *options)
{
    return options->save || options->to_stdout || options->window || options->null;
}

bool options_want_control(const struct host_options *options)
{
    bool sets = options->set.count > 0 || options->load_controls;
    return options->controls || options->get || options->save_controls || options->lock ||
           (sets && !names_sink(options));
}

/* What does not go with it, as far as it is given; NULL: nothing. */
static const char *find_frame_option(const struct host_options *options)
{
    const struct {
        bool given;
        const char *name;
    } others[] = {
        { options->save, "--save" },
        { options->to_stdout, "--stdout" },
        { options->window, "--window" },
        { options->null, "--null" },
        { options->frames > 0, "--frames" },
        { options->duration > 0, "--duration" },
        { options->every > 1, "--every" },
        { options->max_fps > 0, "--max-fps" },
        { options->lossless, "--lossless" },
        { options->live, "--live" },
        { options->stats, "--stats" },
        { options->latency, "--latency" },
        { options->latency_report, "--latency-report" },
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i].given)
            return others[i].name;
    return NULL;
}

/* The option that asks for the controls alone; NULL: none does. */
static const char *find_control_option(const struct host_options *options)
{
    if (!options_want_control(options))
        return NULL;
    if (options->controls)
        return "--controls";
    if (options->get)
        return "--get";
    if (options->save_controls)
        return "--save-controls";
    if (options->lock)
        return "--lock";
    return options->set.count > 0 ? "--set" : "--load-controls";
}

static int check_controls(const struct host_options *options, struct error *error)
{
    const char *control = find_control_option(options), *other = find_frame_option(options);
    if (options->json && !options->controls)
        return error_set(error, -EINVAL, "--json goes with --controls only");
    if (options->controls && options->get)
        return error_set(error, -EINVAL,
                         "--controls and --get exclude one another: --controls lists all values");
    if (!control)
        return 0;
    if (options->list_streams || options->import_key || options->forget_key)
        return error_set(error, -EINVAL, "%s and %s exclude one another", control,
                         options->list_streams ? "--list-streams"
                         : options->import_key ? "--import-key"
                                               : "--forget-key");
    if (options->addresses.count > 1)
        return error_set(error, -EINVAL, "%s asks one daemon: give one address", control);
    if (!other)
        return 0;
    if (options->set.count > 0 && strcmp(control, "--set") == 0)
        return error_set(error, -EINVAL,
                         "%s is about frames, and --set without a sink keeps none: name a sink, "
                         "e.g. --window",
                         other);
    return error_set(error, -EINVAL, "%s exits without keeping frames: %s does not go with it",
                     control, other);
}

static int check_still(const struct host_options *options, struct error *error)
{
    const char *other = find_frame_option(options), *control = find_control_option(options);
    bool asks = options->list_streams || options->import_key || options->forget_key;
    if (!options->still && (options->size.width || options->quality))
        return error_set(error, -EINVAL,
                         "--%s goes with --still only: that of a stream is pitetherd's option",
                         options->quality ? "quality" : "size");
    if (!options->still)
        return 0;
    if (other || control)
        return error_set(error, -EINVAL,
                         "--still takes one picture and exits: %s does not go with it",
                         other ? other : control);
    if (asks)
        return error_set(error, -EINVAL, "--still and --%s exclude one another",
                         options->list_streams ? "list-streams"
                         : options->import_key ? "import-key"
                                               : "forget-key");
    if (options->addresses.count > 1)
        return error_set(error, -EINVAL, "--still asks one daemon: give one address");
    return 0;
}

int options_check(const struct host_options *options, struct error *error)
{
    if (check_addresses(options, error) || check_controls(options, error) ||
        check_still(options, error))
        return -EINVAL;
    if (options->max_fps > 0 && options->max_fps < 0.001)
        return error_set(error, -EINVAL, "--max-fps: the minimum is 0.001, one frame in 1000 s");
    if (options->max_fps > 0 && options->every > 1)
        return error_set(error, -EINVAL,
                         "--max-fps and --every exclude one another: either alone says how many "
                         "frames are sent");
    if (options->lossless && options->live)
        return error_set(error, -EINVAL, "--lossless and --live exclude one another");
    if (options->save && save_target_check(options->save, error))
        return -EINVAL;
    if (options->latency && check_latency(options, error))
        return -EINVAL;
    return file_name_check(options->name, error);
}
