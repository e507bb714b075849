class_name ButtonPanel
extends StaticBody3D
## A panel with one button, which turns a lamp on and off.

const SIZE := Vector2i(200, 100)

var button := Button.new()
var is_on := false

var _viewport := SubViewport.new()
var _mouse := InputEventMouseButton.new()


func _ready() -> void:
	button.text = "Lamp"
	button.size = SIZE
	button.pressed.connect(_on_pressed)
	_viewport.size = SIZE
	_viewport.disable_3d = true
	_viewport.render_target_update_mode = SubViewport.UPDATE_DISABLED
	_viewport.add_child(button)
	add_child(_viewport)
	_mouse.button_index = MOUSE_BUTTON_LEFT
	_mouse.position = 0.5 * SIZE
	_mouse.global_position = _mouse.position


## For a new episode: the lamp is off.
func begin() -> void:
	is_on = false


## A hand presses the button, and lets it go.
func press() -> void:
	for pressed: bool in [true, false]:
		_mouse.pressed = pressed
		_viewport.push_input(_mouse, true)


func _on_pressed() -> void:
	is_on = not is_on
