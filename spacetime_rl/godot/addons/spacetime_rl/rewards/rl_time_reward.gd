class_name RLTimeReward
extends RLRewardTerm
## Pays every second of the episode; with a negative weight it makes haste worth while.


func _init() -> void:
	name = &"time"
	weight = -0.1


func amount(delta: float) -> float:
	return delta
