class_name NavigationMap
extends Node3D
## The square map: a floor with edges, obstacles, and where the way starts and ends.

## Starts, goals and obstacles keep this distance from the edge, in metres.
const MARGIN := 2.0
## Obstacles keep this distance from start and goal, in metres.
const CLEARANCE := 1.2
const TRIES := 64
const FLOOR_DEPTH := 1.0
const MOST_OBSTACLES := 6.0

@export var field: ObstacleField
@export var floor_shape: CollisionShape3D
@export var floor_mesh: MeshInstance3D

## Where the player starts and has to go, x and z in metres.
var start := Vector2.ZERO
var goal := Vector2.ZERO

var _half := 20.0
var _kinds: Array[FieldObstacle.Kind] = [FieldObstacle.Kind.CRATE, FieldObstacle.Kind.PILLAR, FieldObstacle.Kind.WALL]


## The greatest distance between start and goal that a map has room for, in metres.
static func longest_way(map_size: float) -> float:
	return map_size - 2.0 * MARGIN


## Make the floor and the supply of obstacles, once.
func build(params: NavigationParams) -> void:
	_half = params.map_size / 2.0
	var size := Vector3(params.map_size, FLOOR_DEPTH, params.map_size)
	(floor_shape.shape as BoxShape3D).size = size
	(floor_mesh.mesh as BoxMesh).size = size
	field.build(_count(MOST_OBSTACLES) + 6)


## Lay out a new map.
func lay_out(rng: RandomNumberGenerator, params: NavigationParams) -> void:
	field.clear()
	field.gap = params.gap
	_choose_way(rng, rng.randf_range(params.goal_distance_min, params.goal_distance_max))
	field.keep_free(start, CLEARANCE)
	field.keep_free(goal, CLEARANCE)
	_block_way(rng, params.corners)
	var reach := _half - MARGIN
	field.scatter(rng, _count(params.obstacles), Rect2(-reach, -reach, 2.0 * reach, 2.0 * reach), _kinds)
	field.finish()


## Half the length of a side, in metres.
func half_size() -> float:
	return _half


## There is no walking straight to the goal.
func _block_way(rng: RandomNumberGenerator, corners: float) -> void:
	var has_corner := rng.randf() < corners
	var wall := field.block(rng, start, goal, FieldObstacle.Kind.WALL)
	if wall == null:
		field.block(rng, start, goal, FieldObstacle.Kind.PILLAR)
	elif has_corner:
		field.add_corner(rng, wall, start)


func _count(on_hundred_m2: float) -> int:
	return roundi(on_hundred_m2 * 4.0 * _half * _half / 100.0)


## Two points on the map at a distance from each other.
func _choose_way(rng: RandomNumberGenerator, distance: float) -> void:
	var reach := _half - MARGIN
	for attempt: int in TRIES:
		start = Vector2(rng.randf_range(-reach, reach), rng.randf_range(-reach, reach))
		goal = start + Vector2.from_angle(rng.randf_range(-PI, PI)) * distance
		if maxf(absf(goal.x), absf(goal.y)) <= reach:
			return
	# Along one side there is always room.
	start = Vector2(-distance / 2.0, rng.randf_range(-reach, reach))
	goal = start + Vector2(distance, 0.0)
