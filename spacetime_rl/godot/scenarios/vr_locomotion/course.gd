class_name Course
extends Node3D
## A walled floor with obstacles, and the waypoints to be visited on it, one after the other.

## Half the length of the floor's sides, between the walls, in metres.
const HALF_SIZE := 20.0
## Waypoints keep this distance from the walls, and obstacles from waypoints, in metres.
const MARGIN := 3.0
const CLEARANCE := 1.3
const TRIES := 48
const MOST_OBSTACLES := 4.0
const BLOCKING: Array[FieldObstacle.Kind] = [FieldObstacle.Kind.CRATE, FieldObstacle.Kind.PILLAR]

@export var field: ObstacleField
## Shown at the waypoint that is next, and at the one after it.
@export var marker: Node3D
@export var next_marker: Node3D

## Where the course starts; the first waypoint follows.
var start := Vector2.ZERO
var waypoints := PackedVector2Array()
## Which waypoint is next.
var reached := 0


## Make the supply of obstacles, once.
func build(params: LocomotionParams) -> void:
	waypoints.resize(params.waypoints)
	# Obstacles here are large: three rays, 2 m long, are all that a player sees of them.
	field.least_bulk = 0.5
	field.build(_count(MOST_OBSTACLES) + 2 * params.waypoints)


## Lay out a new course.
func lay_out(rng: RandomNumberGenerator, params: LocomotionParams) -> void:
	field.clear()
	field.gap = params.gap
	_choose_waypoints(rng, params)
	field.keep_free(start, CLEARANCE)
	for waypoint: Vector2 in waypoints:
		field.keep_free(waypoint, CLEARANCE)
	var from := start
	for waypoint: Vector2 in waypoints:
		if rng.randf() < params.blocked_legs:
			field.block(rng, from, waypoint, BLOCKING[rng.randi() % BLOCKING.size()])
		from = waypoint
	var reach := HALF_SIZE - 1.0
	field.scatter(rng, _count(params.obstacles), Rect2(-reach, -reach, 2.0 * reach, 2.0 * reach), BLOCKING)
	field.finish()
	reached = 0
	_show_markers()


## The waypoint to go to; the last one when all are reached.
func target() -> Vector2:
	return waypoints[mini(reached, waypoints.size() - 1)]


## Go on to the next waypoint; false when there is none.
func advance() -> bool:
	reached += 1
	_show_markers()
	return reached < waypoints.size()


func _count(on_hundred_m2: float) -> int:
	return roundi(on_hundred_m2 * 4.0 * HALF_SIZE * HALF_SIZE / 100.0)


func _show_markers() -> void:
	var here := target()
	var there := waypoints[mini(reached + 1, waypoints.size() - 1)]
	marker.position = Vector3(here.x, 0.0, here.y)
	next_marker.position = Vector3(there.x, 0.0, there.y)


## Each waypoint a leg from the one before it, in a course that bends no more than allowed where the walls let it.
func _choose_waypoints(rng: RandomNumberGenerator, params: LocomotionParams) -> void:
	var reach := HALF_SIZE - MARGIN
	start = Vector2(rng.randf_range(-reach, reach), rng.randf_range(-reach, reach))
	var from := start
	var heading := rng.randf_range(-PI, PI)
	var bend := PI
	for i: int in waypoints.size():
		var turned := heading
		for attempt: int in TRIES:
			# Near a wall only sharper bends lead on.
			var widest := bend if attempt < TRIES >> 1 else PI
			turned = heading + rng.randf_range(-widest, widest)
			waypoints[i] = from + Vector2.from_angle(turned) * rng.randf_range(params.leg_min, params.leg_max)
			if maxf(absf(waypoints[i].x), absf(waypoints[i].y)) <= reach:
				break
		waypoints[i] = waypoints[i].clamp(Vector2(-reach, -reach), Vector2(reach, reach))
		heading = turned
		from = waypoints[i]
		bend = deg_to_rad(params.bend_deg)
