class_name MotorcycleView
extends Node2D
## What a person sees of the arena: sky and hills far away, the track, the motorcycle, dust and wind. All is drawn by
## code. The arena makes it only where there is a picture, and the game is the same without it.

var _arena: MotorcycleArena
var _track_view: TrackView


func _init(arena: MotorcycleArena) -> void:
	_arena = arena
	name = "View"


func _ready() -> void:
	add_child(SkyView.new())
	for depth: int in SceneryLayer.DEPTHS:
		add_child(SceneryLayer.make(depth))
	_track_view = TrackView.new(_arena.track)
	add_child(_track_view)
	add_child(WindView.new(_arena))
	add_child(BikeView.new(_arena.bike))
	add_child(RideCamera.new(_arena.bike))
	_arena.bike.agent.episode_began.connect(_track_view.show_track)
