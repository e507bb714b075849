class_name TagChase
extends RefCounted
## Where a scripted player who is it runs: at the nearest player, or to where it was before it got out of sight.

## Seconds of the other's way that are thought ahead, at most.
const LEAD_S := 0.6
## Seconds for which one goes to where somebody was. Two who are on both sides of a block would turn at every step of
## the other, and not come nearer.
const RESOLVE_S := 1.5

var _map: TagMap
var _goal := -1
var _until := 0


func _init(map: TagMap) -> void:
	_map = map


## Forget the last round.
func forget() -> void:
	_goal = -1


## A place to run to; the player's own where there is nobody to tag.
func aim(player: TagPlayer) -> Vector3:
	var target := _nearest(player)
	if target == null:
		return player.position
	var near_height := absf(target.position.y - player.position.y) < 0.5
	if near_height and _map.paths.is_clear(player.position, target.position, TagPilot.WIDE):
		_goal = -1
		var away := player.position.distance_to(target.position)
		var ahead := target.position + target.velocity * minf(LEAD_S, 0.5 * away / player.top_speed())
		ahead.y = target.position.y
		return ahead if _map.level_of(_map.cell_of(ahead)) < ahead.y + 0.3 else target.position
	var ticks := player.arena.ticks
	if _goal < 0 or ticks >= _until or _map.number_at(player.position) == _goal:
		_goal = _map.number_at(target.position)
		_until = ticks + RLGameTime.ticks_in(RESOLVE_S)
	return _map.top_of(_map.cell_at(_goal))


## The player who is nearest by the shortest way; null where nobody can be tagged.
func _nearest(player: TagPlayer) -> TagPlayer:
	var costs := _map.paths.costs_from(_map.number_at(player.position))
	var nearest: TagPlayer = null
	var least := INF
	for other: TagPlayer in player.arena.players:
		if other.is_it or not other.agent.active or other.is_immune():
			continue
		# Cells are coarse: the straight distance decides between players of one cell.
		var cost := costs[_map.number_at(other.position)] + 0.1 * player.position.distance_to(other.position)
		if cost < least:
			least = cost
			nearest = other
	return nearest
