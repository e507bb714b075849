extends SeededBug
## The button of the lamp has lost its connection.


func _begin() -> void:
	(arena as BugArena).panel.button.set_block_signals(true)
