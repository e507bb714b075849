extends SeededBug
## The button that saves lost its connection.


func _begin() -> void:
	for node: Node in arena.find_children("*", "Button", true, false):
		node.set_block_signals((node as Button).text == "Save")
