class_name RLNoveltyReward
extends RLRewardTerm
## Pays for places: for each map cell that the player enters for the first time in its episode, one over the root of the
## number of episodes that came there before, in any arena of the process, and one.
##
## It depends on earlier episodes, so that an episode that is played again pays otherwise; what happens in it stays the
## same.

# Episodes of all agents by policy and cell.
static var _episodes: Dictionary[Vector3i, int] = {}

## Side of a map cell, in metres (in 2D: pixels). The map is seen from above; in 2D it is the screen.
@export_range(0.01, 1000.0, 0.01, "or_greater") var cell := 2.0

# Cells of the running episode.
var _entered: Dictionary[Vector3i, bool] = {}


func _init(side: float = 2.0, factor: float = 1.0) -> void:
	name = &"novelty"
	cell = side
	weight = factor


func amount(_delta: float) -> float:
	var here := _cell()
	if _entered.has(here):
		return 0.0
	_entered[here] = true
	return 1.0 / sqrt(_count(here))


func begin_episode() -> void:
	var here := _cell()
	_entered = {here: true}
	_count(here)


func _count(place: Vector3i) -> int:
	_episodes[place] = (_episodes.get(place, 0) as int) + 1
	return _episodes[place]


func _cell() -> Vector3i:
	var core := agent.arena_core
	var place := core.space.place_of(agent.get_parent(), core.root)
	return Vector3i(floori(place.x / cell), hash(agent.policy_name) & 0xFFFF, floori(place.z / cell))
