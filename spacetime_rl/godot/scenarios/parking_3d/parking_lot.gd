class_name ParkingLot
extends Node3D
## The car park: two rows of bays along an aisle, a hedge around them, and the cars that others have parked.
##
## The aisle lies along x; the bays of the upper row are at negative z. Everything is made by the parameters.

## Between a drawn start and what stands beside the aisle, in metres.
const CLEARANCE := 0.3
const HEDGE_THICKNESS := 0.8
const HEDGE_HEIGHT := 0.9
## From the bays' far ends to the hedge, in metres.
const BEHIND_BAYS := 0.4
const _TURNED := Basis(Vector3.UP, PI)

@export var floor_shape: CollisionShape3D
## Shows which bay is meant.
@export var mark: Node3D

var bays: Array[ParkingBay] = []
## Half of the room inside the hedge, x and z in metres.
var half := Vector2.ZERO
## Half of the aisle's width, in metres.
var half_aisle := 0.0

var _parked: Array[ParkedCar] = []
var _row_half := 0.0


## Make the bays, the hedge, and a car for each bay, once.
func build(params: ParkingParams) -> void:
	half_aisle = params.aisle_width / 2.0
	_row_half = params.bays_per_row * params.bay_width / 2.0
	half = Vector2(_row_half + params.end_room, half_aisle + params.bay_length + BEHIND_BAYS)
	(floor_shape.shape as BoxShape3D).size = Vector3(2.0 * half.x + 40.0, 1.0, 2.0 * half.y + 40.0)
	_make_bays(params)
	_make_hedge()
	for i: int in bays.size():
		var parked := ParkedCar.new(i)
		parked.name = "Parked%d" % i
		add_child(parked)
		_parked.append(parked)
	if DisplayServer.get_name() == "headless":
		mark.visible = false
	else:
		add_child(LotScenery.new(self, params))


## Lay out an episode: the bay to park in, which is returned, and cars in some of the others.
func lay_out(rng: RandomNumberGenerator, params: ParkingParams) -> ParkingBay:
	var target := bays[rng.randi_range(0, bays.size() - 1) if params.random_target else params.target_bay]
	for i: int in bays.size():
		# The same numbers are drawn whatever stands in a bay: a parameter changes nothing but what it is for.
		var taken := rng.randf() < params.parked_cars
		var off := Vector3(rng.randf_range(-1.0, 1.0), 0.0, rng.randf_range(-1.0, 1.0)) * params.parked_off_m
		var askew := rng.randf_range(-1.0, 1.0) * params.parked_off_m * 0.15
		var turned := rng.randf() < 0.5
		if taken and bays[i] != target:
			var facing := Basis(Vector3.UP, askew) * (_TURNED if turned else Basis.IDENTITY)
			_parked[i].stand(bays[i].place * Transform3D(facing, off))
		else:
			_parked[i].put_away()
	mark.position = target.place.origin
	return target


## Where the car starts: in the aisle, on the ground.
func draw_start(rng: RandomNumberGenerator, params: ParkingParams, bay: ParkingBay) -> Transform3D:
	if not params.random_pos:
		return Transform3D(Basis(Vector3.UP, -PI / 2.0), Vector3(HatchbackCar.LENGTH - half.x, 0.0, 0.0))
	var turn := deg_to_rad(params.start_turn_deg)
	var facing := bay.place.basis * Basis(Vector3.UP, rng.randf_range(-turn, turn))
	var either_way := params.success == "bay" and params.way_in == "any"
	if rng.randf() < 0.5 and either_way or params.way_in == "tail":
		facing = facing * _TURNED
	var reach := _reach_of(facing)
	var room := half - reach - Vector2.ONE * CLEARANCE
	var aside := minf(half_aisle - reach.y - CLEARANCE, params.start_aside_m)
	var along := rng.randf_range(
		maxf(-room.x, bay.place.origin.x - params.start_reach_m),
		minf(room.x, bay.place.origin.x + params.start_reach_m)
	)
	return Transform3D(facing, Vector3(along, 0.0, rng.randf_range(-aside, aside)))


# Half of the room that a car with this direction takes, along x and z.
static func _reach_of(facing: Basis) -> Vector2:
	var size := Vector2(HatchbackCar.WIDTH, HatchbackCar.LENGTH) / 2.0
	return Vector2(
		absf(facing.x.x) * size.x + absf(facing.z.x) * size.y, absf(facing.x.z) * size.x + absf(facing.z.z) * size.y
	)


func _make_bays(params: ParkingParams) -> void:
	var depth := half_aisle + params.bay_length / 2.0
	for row: int in 2:
		var facing := Basis.IDENTITY if row == 0 else _TURNED
		for i: int in params.bays_per_row:
			var x := (i + 0.5) * params.bay_width - _row_half
			var place := Transform3D(facing, Vector3(x, 0.0, -depth if row == 0 else depth))
			bays.append(ParkingBay.new(bays.size(), place, params.bay_width, params.bay_length))


func _make_hedge() -> void:
	var long := 2.0 * (half.x + HEDGE_THICKNESS)
	var deep := 2.0 * half.y
	var outer := half + Vector2.ONE * HEDGE_THICKNESS / 2.0
	_add_hedge("HedgeUp", Vector3(long, HEDGE_HEIGHT, HEDGE_THICKNESS), Vector3(0.0, 0.0, -outer.y))
	_add_hedge("HedgeDown", Vector3(long, HEDGE_HEIGHT, HEDGE_THICKNESS), Vector3(0.0, 0.0, outer.y))
	_add_hedge("HedgeLeft", Vector3(HEDGE_THICKNESS, HEDGE_HEIGHT, deep), Vector3(-outer.x, 0.0, 0.0))
	_add_hedge("HedgeRight", Vector3(HEDGE_THICKNESS, HEDGE_HEIGHT, deep), Vector3(outer.x, 0.0, 0.0))


func _add_hedge(named: String, size: Vector3, at: Vector3) -> void:
	var body := StaticBody3D.new()
	body.name = named
	body.position = at + Vector3.UP * size.y / 2.0
	var holder := CollisionShape3D.new()
	var box := BoxShape3D.new()
	box.size = size
	holder.shape = box
	body.add_child(holder)
	add_child(body)
