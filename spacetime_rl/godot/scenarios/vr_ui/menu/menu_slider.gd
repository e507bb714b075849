class_name MenuSlider
extends HSlider
## A slider that is taken by its handle and dragged: a ray that merely crosses it changes nothing.

## Pixels of the handle.
const HANDLE := Vector2(56.0, 60.0)

# The engine maps pixels to values by the size of the handle's picture, one for each of its states.
const _PICTURES: Array[StringName] = [&"grabber", &"grabber_highlight", &"grabber_disabled"]
const _COLOURS: Array[Color] = [Color(0.75, 0.85, 1.0), Color(1.0, 0.85, 0.5), Color(0.35, 0.35, 0.38)]

static var _handles: Array[Texture2D] = []

## A hand has hold of the handle.
var dragged := false

var _caption := Label.new()
var _called := ""


func _init() -> void:
	min_value = 0.0
	max_value = 1.0
	step = 0.01
	_caption.position = Vector2(8.0, -36.0)
	_caption.mouse_filter = Control.MOUSE_FILTER_IGNORE
	add_child(_caption)
	for state: int in _PICTURES.size():
		add_theme_icon_override(_PICTURES[state], _handle(state))
	drag_started.connect(func() -> void: dragged = true)
	drag_ended.connect(func(_changed: bool) -> void: dragged = false)
	if DisplayServer.get_name() != "headless":
		value_changed.connect(func(_to: float) -> void: _show_value())


func _gui_input(event: InputEvent) -> void:
	var press := event as InputEventMouseButton
	if press != null and press.pressed and not is_on_handle(press.position):
		accept_event()


## Title of the setting.
func name_it(called: String) -> void:
	_called = called
	_show_value()


## Let go of the handle without telling anybody.
func stop() -> void:
	dragged = false
	_show_value()


## Middle of the handle at a value, in pixels of this control.
func handle_at(at_value: float) -> Vector2:
	return Vector2(0.5 * HANDLE.x + at_value * (size.x - HANDLE.x), 0.5 * size.y)


## Whether a point of this control lies on the handle.
func is_on_handle(at: Vector2) -> bool:
	var offset := (at - handle_at(value)).abs()
	return offset.x <= 0.5 * HANDLE.x and offset.y <= 0.5 * HANDLE.y


func _show_value() -> void:
	_caption.text = "%s  %d" % [_called, roundi(100.0 * value)]


static func _handle(state: int) -> Texture2D:
	if _handles.is_empty():
		for colour: Color in _COLOURS:
			var image := Image.create_empty(int(HANDLE.x), int(HANDLE.y), false, Image.FORMAT_RGBA8)
			image.fill_rect(Rect2i(6, 6, int(HANDLE.x) - 12, int(HANDLE.y) - 12), colour)
			_handles.append(ImageTexture.create_from_image(image))
	return _handles[state]
