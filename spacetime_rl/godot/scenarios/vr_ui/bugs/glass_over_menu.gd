extends SeededBug
## A pane that nobody can see lies over the right half of the menu.

var _glass := ColorRect.new()


func _begin() -> void:
	if not _glass.is_inside_tree():
		_glass.self_modulate.a = 0.0
		_glass.position = Vector2(0.5 * MenuPage.SIZE.x, 0.0)
		_glass.size = MenuPage.SIZE
		(arena as UiArena).panel.menu.get_parent().add_child(_glass)
