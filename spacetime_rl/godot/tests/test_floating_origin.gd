extends LandingTest
## An origin that moves along with the craft changes nothing but the numbers in which places are written.


func test_the_origin_keeps_millimetres_ten_thousand_kilometres_away() -> void:
	var origin := FloatingOrigin.new()
	origin.begin(1.0e7, 0.0, -1.0e7)
	origin.move_to(Vector3(2000.0, 0.0, 0.0))
	var world := origin.world_of(Vector3(0.125, 1.0, -0.001))
	check_close(world[0] - 10002000.0, 0.125, "x", 1e-9)
	check_close(world[2] + 10000000.0, -0.001, "z", 1e-6)


func test_a_flight_is_the_same_ten_thousand_kilometres_away() -> void:
	var here := play({}, 60)
	var far := play({"world_offset_m": 1.0e7}, 60)
	check_equal(far.hash(), here.hash(), "what is seen in 60 decisions")


func test_a_flight_is_the_same_while_its_origin_moves_with_it() -> void:
	var still := play({"rebase_m": 10000.0}, 60)
	var moving := play({"rebase_m": 50.0}, 60)
	check(moving != still, "the origin moved")
	for decision: int in still.size():
		for i: int in SEEN:
			check_close(moving[decision][i], still[decision][i], "float %d of decision %d" % [i, decision], 2e-4)


func test_moving_the_origin_leaves_every_place_of_the_world_where_it_was() -> void:
	var zone := make_zone({"world_offset_m": 1.0e7, "rebase_m": 50.0})
	var craft := zone.crafts[0]
	var before := zone.world_position(craft)
	var pad := zone.origin.world_of(craft.pad.global_position)
	for tick: int in LandingZone.SLOW_TICKS:
		zone.core.advance(TICK)
	check(craft.global_position.length() < 1.0, "the craft is at the origin: %s" % craft.global_position)
	var after := zone.world_position(craft)
	var pad_after := zone.origin.world_of(craft.pad.global_position)
	for axis: int in 3:
		check_close(after[axis] - before[axis], 0.0, "craft", 1e-4)
		check_close(pad_after[axis] - pad[axis], 0.0, "pad", 1e-4)
