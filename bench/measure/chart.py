"""The figures of fan-out as one picture, for the docs: bars, lower (or longer, where it says so) is better."""

from xml.sax.saxutils import escape

from .table import median

WIDTH, LABEL, BAR, GAP, HEAD = 720, 190, 20, 6, 34
COLORS = {"Roomcast": "#2563eb", "Nchan": "#94a3b8", "SSL_write": "#cbd5e1", "bare TLS accept": "#cbd5e1"}


def groups(kept):
    cpu = ("server", "cpu_us_per_delivery")
    found = [
        ("CPU for a delivery, 1,000 receivers × 50/s (µs, less is better)", "fanout", cpu,
         {"Roomcast": "fanout", "SSL_write": "fanout floor", "Nchan": "fanout nchan"}),
        ("CPU for a delivery, 100 receivers × 2,000/s, others × 1,000/s (µs, less is better)", "busy", cpu,
         {"Roomcast": "busy", "SSL_write": "busy floor", "Nchan": "busy nchan"}),
        ("Most deliveries a second with p99 ≤ 50 ms (thousands, more is better)", "most", ("deliveries_per_s",),
         {"Roomcast": "most", "Nchan": "most nchan"}),
        ("Memory for an idle connection of 10,000 (KiB, less is better)", "memory", ("server", "rss_kib_per_connection"),
         {"Roomcast": "memory", "Nchan": "memory nchan"}),
        ("5,000 clients join: connections a second (more is better)", "storm", ("joins_per_s",),
         {"Roomcast": "storm", "bare TLS accept": "storm floor"}),
    ]
    for title, row, path, bars in found:
        if row in kept:
            scale = 1000 if row == "most" else 1
            yield title, [(name, median(kept[key], *path) / scale) for name, key in bars.items() if key in kept]


def chart(kept):
    lines, y = [], 10
    for title, bars in groups(kept):
        lines.append(f'<text x="8" y="{y + 16}" font-weight="600">{escape(title)}</text>')
        y += HEAD - 6
        longest = max(value for _, value in bars) or 1
        for name, value in bars:
            width = max(1, round(value / longest * (WIDTH - LABEL - 80)))
            text_y = y + BAR - 5
            lines.append(f'<text x="{LABEL - 8}" y="{text_y}" text-anchor="end">{escape(name)}</text>')
            lines.append(f'<rect x="{LABEL}" y="{y}" width="{width}" height="{BAR}" rx="3" fill="{COLORS[name]}"/>')
            lines.append(f'<text x="{LABEL + width + 6}" y="{text_y}">{value:,.1f}</text>')
            y += BAR + GAP
        y += 10
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="13">'
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/><g fill="#0f172a">')
    return "\n".join([head, *lines, "</g></svg>"]) + "\n"
