#include "host/sinks/window/zoom.h"

#include <math.h>

const struct zoom_rect zoom_whole = { 0, 0, 1, 1 };

bool zoom_point_in(struct layout_area area, int x, int y, struct zoom_point *point)
{
    if (area.width < 1 || area.height < 1)
        return false;
    point->x = (x - area.x + 0.5) / area.width;
    point->y = (y - area.y + 0.5) / area.height;
    return point->x > 0 && point->x < 1 && point->y > 0 && point->y < 1;
}

static double within(double value, double low, double high)
{
    return fmax(low, fmin(value, high));
}

/* Moves it into the whole, which it fits in. */
static struct zoom_rect inside(struct zoom_rect shown, struct zoom_rect whole)
{
    shown.x = within(shown.x, whole.x, whole.x + whole.width - shown.width);
    shown.y = within(shown.y, whole.y, whole.y + whole.height - shown.height);
    return shown;
}

struct zoom_rect zoom_at(struct zoom_rect shown, struct zoom_rect whole, struct zoom_rect min,
                         struct zoom_point at, double factor)
{
    double scale = 1 / factor;
    double least = fmax(min.width / shown.width, min.height / shown.height);
    double most = fmin(whole.width / shown.width, whole.height / shown.height);
    struct zoom_point fixed = zoom_place(shown, at);
    scale = within(scale, fmin(least, most), most);
    struct zoom_rect to = { 0, 0, shown.width * scale, shown.height * scale };
    to.x = fixed.x - at.x * to.width;
    to.y = fixed.y - at.y * to.height;
    return inside(to, whole);
}

struct zoom_rect zoom_drag(struct zoom_rect shown, struct zoom_rect whole, struct zoom_point by)
{
    shown.x -= by.x * shown.width;
    shown.y -= by.y * shown.height;
    return inside(shown, whole);
}

double zoom_factor(struct zoom_rect shown, struct zoom_rect whole)
{
    return fmax(1, fmin(whole.width / shown.width, whole.height / shown.height));
}

struct zoom_point zoom_turn_move_back(struct zoom_turn turn, struct zoom_point by)
{
    struct zoom_point before = turn.transpose ? (struct zoom_point){ by.y, by.x } : by;
    return (struct zoom_point){ turn.hflip ? -before.x : before.x,
                                turn.vflip ? -before.y : before.y };
}

struct zoom_point zoom_turn_back(struct zoom_turn turn, struct zoom_point point)
{
    struct zoom_point before = zoom_turn_move_back(turn, point);
    return (struct zoom_point){ turn.hflip ? 1 + before.x : before.x,
                                turn.vflip ? 1 + before.y : before.y };
}

struct zoom_point zoom_place(struct zoom_rect shown, struct zoom_point point)
{
    return (struct zoom_point){ shown.x + point.x * shown.width, shown.y + point.y * shown.height };
}

struct zoom_rect zoom_window(struct zoom_rect shown, struct zoom_point point, double share)
{
    double side = share * fmin(shown.width, shown.height);
    struct zoom_point middle = zoom_place(shown, point);
    return inside((struct zoom_rect){ middle.x - side / 2, middle.y - side / 2, side, side },
                  shown);
}
