class_name HunterAgent
extends RLAgent
## The hunter's agent: by whom it is played where no policy plays it.


## The script that a trained policy has to beat: straight to the runner.
func _heuristic(action: PackedFloat32Array) -> void:
	var room := arena_2d as Room
	var ahead := (room.runner.position - room.hunter.position).normalized()
	action[0] = ahead.x
	action[1] = ahead.y


## A person, by W, A, S and D.
func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = stick.x
	action[1] = -stick.y


func _purpose() -> String:
	return "Catch the runner."


func _controls() -> PackedStringArray:
	return ["W A S D, left stick: run"]
