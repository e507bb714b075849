class_name RLUnchangedTarget
extends RefCounted
## Something that a click is meant for: a control, an entry of an open menu, or the cross that closes a window.

## Where it is, in pixels of the game's window. Of an entry, roughly: the engine does not tell.
var place := Vector2.ZERO
## The control, or the menu of an entry; null for a cross.
var node: Node
## The node as a control; null for the others.
var control: Control:
	get:
		return node as Control
## The node as a menu; null for the others.
var menu: PopupMenu:
	get:
		return node as PopupMenu
## The number of the entry.
var entry := -1


## A control is clicked in its middle.
static func of_control(which: Control) -> RLUnchangedTarget:
	var target := RLUnchangedTarget.new()
	target.node = which
	target.place = which.get_screen_transform() * (which.size / 2.0)
	return target


## An entry of an open menu.
static func of_entry(of: PopupMenu, number: int) -> RLUnchangedTarget:
	var target := RLUnchangedTarget.new()
	target.node = of
	target.entry = number
	var down := (number + 0.5) / of.item_count
	target.place = _in_window(of, Vector2(of.size.x / 2.0, of.size.y * down))
	return target


## The cross in the title of a window inside the game's window.
static func of_cross(window: Window) -> RLUnchangedTarget:
	var target := RLUnchangedTarget.new()
	var offset := Vector2(-window.get_theme_constant(&"close_h_offset"), -window.get_theme_constant(&"close_v_offset"))
	var middle := window.get_theme_icon(&"close").get_size() / 2.0
	target.place = _in_window(window, Vector2(window.size.x, 0.0) + offset + middle)
	return target


static func _in_window(window: Window, place_in_it: Vector2) -> Vector2:
	return window.get_tree().root.get_screen_transform() * (Vector2(window.position) + place_in_it)
