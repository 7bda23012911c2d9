"""Draws ages of frames over the link's rate as a plain SVG, for light and dark backgrounds."""
import math

WIDTH, HEIGHT = 740, 400
LEFT, TOP, RIGHT, BOTTOM = 70, 44, 510, 340  # the plot's edges; the names are to its right
# Mid tones, which stand out from white as from black; axes and words in a grey that does.
INK = "#808080"
COLOURS = {"pitether": "#e8590c", "ideal": "#808080"}
OTHERS = ["#1c8adb", "#2f9e44", "#ae6be0", "#c99700"]
APART = 18  # pixels between names, at least


def _range(values):
    """The least range that holds them and ends at 1, 2 or 5 times powers of ten."""
    marks = [step * 10.0**decade for decade in range(-3, 7) for step in (1, 2, 5)]
    return (max(mark for mark in marks if mark <= min(values)),
            min(mark for mark in marks if mark >= max(values)))


def _text(x, y, words, anchor="start", colour=INK, more=""):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{more}>'
            f"{words}</text>")


def _axes(rates, at_x, at_y, low, high):
    parts = []
    for decade in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        for step in range(1, 10):
            value = step * 10.0**decade
            if not low <= value <= high:
                continue
            y, strength = at_y(value), 0.6 if step == 1 else 0.2
            parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" '
                         f'stroke="{INK}" stroke-opacity="{strength}"/>')
            if step in (1, 2, 5):
                parts.append(_text(LEFT - 8, y + 4, f"{value:g}", "end"))
    for rate in rates:
        parts.append(f'<line x1="{at_x(rate):.1f}" y1="{BOTTOM}" x2="{at_x(rate):.1f}" '
                     f'y2="{BOTTOM + 5}" stroke="{INK}"/>')
        parts.append(_text(at_x(rate), BOTTOM + 20, str(rate), "middle"))
    parts.append(_text((LEFT + RIGHT) / 2, BOTTOM + 42, "link rate, Mbit/s", "middle"))
    parts.append(_text(LEFT - 44, TOP - 20, "age of a frame at its last byte, median, ms "
                       "(1080p photographs, 30 frames/s offered)"))
    return parts


def _names(series, at_y, last):
    """Where each name stands: beside its line's end, but not on another one's."""
    places, y = {}, -math.inf
    for name in sorted(series, key=lambda name: -series[name][last(name)]):
        y = places[name] = max(at_y(series[name][last(name)]), y + APART)
    down = max(0, y - BOTTOM)
    return {name: place - down for name, place in places.items()}


def write(path, series, rates):
    """series: {name: {rate: ms}}; a rate may be missing."""
    series = {name: points for name, points in series.items() if points}
    low, high = _range([value for points in series.values() for value in points.values()])
    low_x, high_x = math.log10(min(rates)), math.log10(max(rates))

    def at_x(rate):
        return LEFT + 20 + (RIGHT - LEFT - 40) * (math.log10(rate) - low_x) / (high_x - low_x)

    def at_y(value):
        return BOTTOM - (BOTTOM - TOP) * math.log(value / low, high / low)

    def last(name):
        return max(series[name])

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13">',
             "<title>Age of frames over a link of limited rate</title>",
             *_axes(rates, at_x, at_y, low, high)]
    others = iter(OTHERS)
    places = _names(series, at_y, last)
    for name, points in series.items():
        colour = COLOURS.get(name) or next(others)
        ends = [(at_x(rate), at_y(points[rate])) for rate in sorted(points)]
        dashes = ' stroke-dasharray="6 4"' if name == "ideal" else ""
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
        thick = 3 if name == "pitether" else 2
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" '
                     f'stroke-width="{thick}"{dashes}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{thick + 1}" fill="{colour}"/>'
                  for x, y in ends]
        weight = ' font-weight="bold"' if name == "pitether" else ""
        parts.append(f'<line x1="{ends[-1][0] + 6:.1f}" y1="{ends[-1][1]:.1f}" x2="{RIGHT + 14}" '
                     f'y2="{places[name]:.1f}" stroke="{colour}" stroke-opacity="0.5"/>')
        parts.append(_text(RIGHT + 18, places[name] + 4, name, "start", colour, weight))
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*parts, "</svg>"]) + "\n")
