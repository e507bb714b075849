extends SeededBug
## To leave a submenu waits for something that never happens.

var _was: MenuPage


func _act(_delta: float) -> void:
	var page := (arena as UiArena).panel.menu.open_page
	while _was != null and page == _was.parent_page:
		OS.delay_msec(10)
	_was = page
