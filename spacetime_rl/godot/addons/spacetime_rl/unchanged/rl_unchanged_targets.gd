class_name RLUnchangedTargets
extends RefCounted
## What may be clicked in an unchanged game: its controls, and the windows, dialogs and menus that are open.

# By controls and windows that are there; they may be hidden.
var _controls: Array[Control] = []
var _windows: Array[Window] = []


## The scene has changed: forget everything.
func clear() -> void:
	_controls.clear()
	_windows.clear()


## Take up a node of the scene, in scene order.
func note(node: Node) -> void:
	if node is Control:
		_controls.append(node as Control)
	elif node is Window:
		_windows.append(node as Window)


## Everything that a click may do something to, as it stands now, in scene order. An open menu, popup or dialog hides
## what is outside of it.
func all() -> Array[RLUnchangedTarget]:
	var found: Array[RLUnchangedTarget] = []
	var above := top_window()
	var files := _file_dialog()
	if files != null:
		return [RLUnchangedTarget.of_control(files.get_cancel_button())]
	for control: Control in _controls:
		if is_instance_valid(control) and _takes_clicks(control) and (above == null or control.get_window() == above):
			found.append(RLUnchangedTarget.of_control(control))
	for window: Window in _windows:
		if is_instance_valid(window) and window.visible and (above == null or window == above):
			_add_of_window(found, window)
	return found


## The window that takes all clicks: the innermost open menu, popup or dialog. Null for none.
func top_window() -> Window:
	var found: Window = null
	for window: Window in _windows:
		if not is_instance_valid(window) or not window.visible or window.get_flag(Window.FLAG_MOUSE_PASSTHROUGH):
			continue
		if window is Popup or window.exclusive:
			found = window
	return found


## Whether a dialog shows files of the machine. It may only be cancelled.
func is_among_files() -> bool:
	return _file_dialog() != null


## The topmost control at a place in the game's window that takes clicks; null for none.
func control_at(place: Vector2) -> Control:
	var found: Control = null
	for target: RLUnchangedTarget in all():
		if target.control != null:
			var inside := target.control.get_screen_transform().affine_inverse() * place
			if Rect2(Vector2.ZERO, target.control.size).has_point(inside):
				found = target.control
	return found


func _file_dialog() -> FileDialog:
	for window: Window in _windows:
		if is_instance_valid(window) and window.visible and window is FileDialog:
			return window as FileDialog
	return null


static func _add_of_window(found: Array[RLUnchangedTarget], window: Window) -> void:
	var menu := window as PopupMenu
	if menu == null:
		if window is not Popup and not window.borderless:
			found.append(RLUnchangedTarget.of_cross(window))
		return
	# What a text field offers by itself is the engine's, and needs a clipboard.
	if menu.get_parent() is LineEdit or menu.get_parent() is TextEdit or menu.get_parent() is RichTextLabel:
		return
	for entry: int in menu.item_count:
		if not menu.is_item_separator(entry) and not menu.is_item_disabled(entry):
			found.append(RLUnchangedTarget.of_entry(menu, entry))


static func _takes_clicks(control: Control) -> bool:
	if not control.is_visible_in_tree() or control.mouse_filter == Control.MOUSE_FILTER_IGNORE:
		return false
	var button := control as BaseButton
	if button != null:
		return not button.disabled
	return (
		control is LineEdit
		or control is Slider
		or control is TabBar
		or control is ItemList
		or control is Tree
		or control.has_method(&"_gui_input")
		or not control.gui_input.get_connections().is_empty()
	)
