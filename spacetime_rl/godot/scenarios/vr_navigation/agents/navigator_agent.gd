class_name NavigatorAgent
extends RLAgent
## Walks by the map to its goal. Scripted: in the freest of the directions near the goal's, as far as 16 rays tell; in a
## maze from cell to cell, by the way that the map knows.

## Directions weighed against each other, all around.
const DIRECTIONS := 48
## Metres ahead that have to be free, and room to either side of the middle.
const LOOK := 1.6
const SIDE := 0.5
## Stick deflection: four fifths of the top speed is the most that is comfortable.
const PACE := 0.78

@export var rays: RLRaySensor

var _distances := PackedFloat32Array()
# The direction taken last, own frame, in rad to the left of ahead; the map's own, so that a turn does not change it.
var _last := 0.0


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as NavigationPlayer
	var arena_here := arena as NavigationArena
	_distances.resize(rays.count)
	rays.write(_distances, 0)
	var next := arena_here.map.next_place(Vector2(player.position.x, player.position.z))
	var away := (Vector3(next.x, 0.0, next.y) - player.position) * player.basis
	var to_goal := atan2(-away.x, -away.z)
	var yaw := player.rotation.y
	if decisions == 0:
		_last = to_goal + yaw
	var best := to_goal
	var least := INF
	for i: int in DIRECTIONS:
		var direction := to_goal + TAU * i / DIRECTIONS
		var free := minf(_free_ahead(direction), away.length())
		var cost := absf(angle_difference(direction, to_goal)) + 0.6 * absf(angle_difference(direction + yaw, _last))
		cost += 4.0 * maxf(0.0, 1.0 - free / minf(LOOK, away.length()))
		if cost < least:
			least = cost
			best = direction
	_last = best + yaw
	action[0] = -PACE * sin(best)
	action[1] = PACE * cos(best)
	action[2] = clampf(-best, -0.6, 0.6)


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = stick.x
	action[1] = stick.y
	action[2] = RLHuman.right_stick().x


## Metres that the body can walk in a direction (own frame) before it meets what a ray has hit.
func _free_ahead(direction: float) -> float:
	var free := rays.length
	for i: int in rays.count:
		var distance := _distances[i] * rays.length
		if distance >= rays.length:
			continue
		var off := TAU * i / rays.count - direction
		var ahead := distance * cos(off)
		if ahead > 0.0 and absf(distance * sin(off)) < SIDE:
			free = minf(free, maxf(ahead - NavigationPlayer.BODY_RADIUS, 0.0))
	return free


func _purpose() -> String:
	return "Walk to the goal past the obstacles, smoothly."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
	]


func _readout() -> PackedStringArray:
	return ["distance to the goal: %.1f m" % (arena as NavigationArena).goal_distance()]
