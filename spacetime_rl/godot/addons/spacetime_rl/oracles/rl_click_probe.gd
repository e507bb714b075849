class_name RLClickProbe
extends Node
## Sees the mouse of a viewport, and which visible, enabled button a click was meant for.

## A button is pressed.
signal pressed(button: BaseButton)
## A button was pressed and let go, as a person would who sees it.
signal clicked(button: BaseButton)

var _pressed: BaseButton


func _init() -> void:
	process_mode = Node.PROCESS_MODE_ALWAYS  # a menu may pause the game


## An episode begins: nothing is pressed.
func begin() -> void:
	_pressed = null


func _input(event: InputEvent) -> void:
	var mouse := event as InputEventMouseButton
	if mouse == null or mouse.button_index != MOUSE_BUTTON_LEFT:
		return
	var under := _seen_at(mouse.position)
	if mouse.pressed:
		_pressed = under
		if under != null:
			pressed.emit(under)
		return
	if _pressed != null and under == _pressed:
		clicked.emit(_pressed)
	_pressed = null


# The button that is seen at a point: nothing that can be seen covers it.
func _seen_at(point: Vector2) -> BaseButton:
	var seen: Control = null
	for control: Control in _controls(get_viewport()):
		if _can_be_seen(control) and control.get_global_rect().has_point(point):
			if control is BaseButton or control.mouse_filter == Control.MOUSE_FILTER_STOP:
				seen = control
	var button := seen as BaseButton
	return button if button != null and not button.disabled else null


func _can_be_seen(control: Control) -> bool:
	if not control.is_visible_in_tree() or control.modulate.a == 0.0 or control.self_modulate.a == 0.0:
		return false
	# A plain Control or a container draws nothing.
	return control.get_class() != "Control" and control is not Container


# In the order in which they are drawn.
func _controls(node: Node) -> Array[Control]:
	var found: Array[Control] = []
	for child: Node in node.get_children():
		if child is Control:
			found.append(child as Control)
		if child is not Viewport:
			found.append_array(_controls(child))
	return found
