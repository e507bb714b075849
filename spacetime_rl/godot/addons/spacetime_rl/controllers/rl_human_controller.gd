class_name RLHumanController
extends RLController
## Drives an agent by a person's hands: `RLAgent._human`.


func _init() -> void:
	title = "you"


func _decide_for(agent: RLAgent, action: PackedFloat32Array) -> void:
	agent._human(action)
