extends SeededBug
## A slider that is set to more than 90 % reads past the end of its table.

const STEPS: Array[String] = ["low", "middle", "high"]


func _act(_delta: float) -> void:
	for node: Node in arena.find_children("*", "HSlider", true, false):
		var slider := node as HSlider
		if slider.is_visible_in_tree() and (slider as MenuSlider).dragged and slider.value > 0.9:
			print(STEPS[int(slider.value * 10.0) - 6])
