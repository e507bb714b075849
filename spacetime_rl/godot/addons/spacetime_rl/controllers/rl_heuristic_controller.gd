class_name RLHeuristicController
extends RLController
## Drives agents by the script that each of them has: `RLAgent._heuristic`.


func _init() -> void:
	title = "its script"


func _decide_for(agent: RLAgent, action: PackedFloat32Array) -> void:
	agent._heuristic(action)
