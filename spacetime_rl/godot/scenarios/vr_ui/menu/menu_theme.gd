class_name MenuTheme
## How the menu looks: large letters and plain coloured boxes, to be read from an arm's length.

const _FONT_SIZE := 30
const _TITLE := Color(0.95, 0.96, 1.0)
const _BACK := Color(0.10, 0.13, 0.20)
const _BOXES: Dictionary[String, Color] = {
	"normal": Color(0.20, 0.27, 0.42),
	"hover": Color(0.28, 0.40, 0.64),
	"pressed": Color(0.95, 0.62, 0.25),
	"hover_pressed": Color(0.95, 0.62, 0.25),
	"disabled": Color(0.14, 0.16, 0.20),
}


## A theme for a whole menu.
static func make() -> Theme:
	var theme := Theme.new()
	theme.default_font_size = _FONT_SIZE
	theme.set_color("font_color", "Label", _TITLE)
	theme.set_stylebox("panel", "Panel", _box(_BACK))
	for state: String in _BOXES:
		theme.set_stylebox(state, "Button", _box(_BOXES[state]))
		# A toggle that is on is no pressed button: its switch shows it.
		var shown := state.trim_prefix("hover_").replace("pressed", "normal")
		theme.set_stylebox(state, "CheckButton", _box(_BOXES[shown]))
	return theme


static func _box(colour: Color) -> StyleBoxFlat:
	var box := StyleBoxFlat.new()
	box.bg_color = colour
	box.set_corner_radius_all(10)
	box.set_content_margin_all(12.0)
	return box
