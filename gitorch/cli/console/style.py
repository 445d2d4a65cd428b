"""The look of the console: the terminal's own colours, no frame where an empty line or column separates well enough."""

CSS = """
* {
    scrollbar-color: ansi_bright_black;
    scrollbar-color-hover: ansi_bright_black;
    scrollbar-color-active: ansi_white;
    scrollbar-background: ansi_default;
    scrollbar-background-hover: ansi_default;
    scrollbar-background-active: ansi_default;
    scrollbar-corner-color: ansi_default;
    scrollbar-size-vertical: 1;
}
Screen { background: ansi_default; color: ansi_default; layout: vertical; overflow: hidden; }
#header { height: 1; padding: 0 1; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
#alert { height: auto; max-height: 2; padding: 0 1; }
#body { height: 1fr; layout: vertical; }
#board { height: 1fr; min-height: 1; max-height: 55%; padding: 0 0 0 1; background: ansi_default; }
#side { height: 1fr; padding: 0 1; border-top: solid ansi_bright_black; background: ansi_default; }
#details { height: auto; }
#told { height: auto; max-height: 4; padding: 0 1; text-style: bold; }
#keys { height: auto; max-height: 3; padding: 0 1; border-top: solid ansi_bright_black; }
.wide #body { layout: horizontal; }
.wide #board { width: 3fr; max-height: 100%; }
.wide #side { width: 2fr; height: 100%; border-top: none; border-left: solid ansi_bright_black; }
.low #board { max-height: 100%; }
.low #side { display: none; }
.low #keys { border-top: none; max-height: 1; }
Dialog { align: center middle; background: transparent; }
.box { width: 90%; max-width: 100; height: auto; max-height: 90%; border: round ansi_yellow; padding: 0 1; background: ansi_default; }
.box Static { height: auto; }
.box Input { border: round ansi_bright_black; background: ansi_default; height: 3; }
.reading { height: auto; }
.options { margin-top: 1; }
.bar { height: 1; padding: 0 1; }
#page { height: 1fr; padding: 0 1; }
#page Static { height: auto; }
"""
