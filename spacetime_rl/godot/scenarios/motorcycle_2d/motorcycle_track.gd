class_name MotorcycleTrack
extends Node2D
## The ground of an episode: hills, and patches of oil on them, from the start at x = 0 to the finish.
##
## It is a chain of straight pieces, which are segments of two bodies: one of earth, one of oil. In pixels, y down.

## Pixels of a metre.
const PX := 100.0
## Length of a piece, in pixels.
const PIECE := 40.0
## Ground behind the start, of which the last piece is a wall, and beyond the finish.
const BEHIND := 1200.0
const BEYOND := 2600.0
const WALL := 1500.0
## Flat ground around the start and before the finish.
const FLAT_START := 400.0
const FLAT_FINISH := 400.0
const _EASE := 800.0
## Wavelengths of the waves that hills are made of, in pixels.
const _WAVES: Array[float] = [800.0, 1300.0, 2100.0, 3400.0]
## Of the track that there is where hills are not drawn anew.
const _SAME_HILLS := 1

@export var earth: StaticBody2D
@export var oil: StaticBody2D

## Corners of the chain, from left to right.
var points: PackedVector2Array = []
## Where oil lies: x of its beginning and of its end, from left to right.
var patches: PackedVector2Array = []
## Place of the finish, in pixels.
var finish := 0.0

var _earth_shape := ConcavePolygonShape2D.new()
var _oil_shape := ConcavePolygonShape2D.new()
var _rng := RandomNumberGenerator.new()


## Give the bodies their shapes; once.
func build(settings: MotorcycleParams) -> void:
	for pair: Array in [[earth, _earth_shape], [oil, _oil_shape]]:
		var holder := CollisionShape2D.new()
		holder.shape = pair[1]
		(pair[0] as StaticBody2D).add_child(holder)
		(pair[0] as StaticBody2D).physics_material_override = PhysicsMaterial.new()
	lay_out(0, 0, settings)


## Make the track of an episode from two seeds.
func lay_out(hills_seed: int, oil_seed: int, settings: MotorcycleParams) -> void:
	finish = settings.track_m * PX
	_raise_hills(hills_seed if settings.random_hills else _SAME_HILLS, settings.hills_deg)
	_spill_oil(oil_seed, settings)
	earth.physics_material_override.friction = settings.grip
	oil.physics_material_override.friction = settings.oil_grip
	_set_segments()


## Height of the ground, as a y, in pixels.
func y_at(x: float) -> float:
	var i := _piece_at(x)
	var share := (x - points[i].x) / (points[i + 1].x - points[i].x)
	return lerpf(points[i].y, points[i + 1].y, share)


## Slope of the ground, in rad; uphill is positive.
func slope_at(x: float) -> float:
	var i := _piece_at(x)
	var along := points[i + 1] - points[i]
	return atan2(-along.y, along.x)


## Whether there is oil.
func is_oily(x: float) -> bool:
	for patch: Vector2 in patches:
		if x >= patch.x and x < patch.y:
			return true
	return false


func _piece_at(x: float) -> int:
	return clampi(floori((x + BEHIND) / PIECE), 1, points.size() - 2)


# Waves of random length, height and place, made as steep as is asked for.
func _raise_hills(with_seed: int, steepest_deg: float) -> void:
	_rng.seed = with_seed
	var lengths: PackedFloat64Array = []
	var heights: PackedFloat64Array = []
	var phases: PackedFloat64Array = []
	for wave: float in _WAVES:
		lengths.append(wave * _rng.randf_range(0.8, 1.25))
		heights.append(wave * _rng.randf_range(0.3, 1.0))
		phases.append(_rng.randf_range(0.0, TAU))
	var count := ceili((BEHIND + finish + BEYOND) / PIECE) + 1
	points.resize(count)
	var steepest := 1e-6
	for i: int in count:
		var x := i * PIECE - BEHIND
		var y := 0.0
		for wave: int in _WAVES.size():
			y -= heights[wave] * sin(TAU * x / lengths[wave] + phases[wave])
		points[i] = Vector2(x, y * _hilliness(x))
		if i > 0:
			steepest = maxf(steepest, absf(points[i].y - points[i - 1].y) / PIECE)
	var scaled := tan(deg_to_rad(steepest_deg)) / steepest
	for i: int in count:
		points[i].y *= scaled
	points[0] = Vector2(-BEHIND + PIECE - 1.0, -WALL)


# 0 where the track is flat, 1 where it is as hilly as it gets.
func _hilliness(x: float) -> float:
	var from_start := smoothstep(FLAT_START, FLAT_START + _EASE, x)
	return from_start * (1.0 - smoothstep(finish - FLAT_FINISH - _EASE, finish - FLAT_FINISH, x))


func _spill_oil(with_seed: int, settings: MotorcycleParams) -> void:
	patches.clear()
	if not settings.random_oil:
		return
	_rng.seed = with_seed
	for i: int in _rng.randi_range(0, settings.oil_patches):
		var long := settings.oil_m * PX * _rng.randf_range(1.0 / 3.0, 1.0)
		var from := _rng.randf_range(FLAT_START, finish - FLAT_FINISH - long)
		# Whole pieces: each of them belongs to one of the two bodies.
		patches.append(Vector2(snappedf(from, PIECE), snappedf(from, PIECE) + maxf(PIECE, snappedf(long, PIECE))))
	var sorted := Array(patches)
	sorted.sort()
	patches = PackedVector2Array(sorted)


func _set_segments() -> void:
	var of_earth: PackedVector2Array = []
	var of_oil: PackedVector2Array = []
	for i: int in points.size() - 1:
		var target := of_oil if is_oily((points[i].x + points[i + 1].x) / 2.0) else of_earth
		target.append(points[i])
		target.append(points[i + 1])
	_earth_shape.segments = of_earth
	_oil_shape.segments = of_oil
