"""What Rekognition calls the things that the engine knows: names, parents, categories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """A label of Rekognition's.

    Attributes:
        name: As Rekognition has it.
        category: One of its categories.
        parents: Every ancestor, the nearest last.
        aliases: Other names for it.
    """

    name: str
    category: str
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


_ANIMAL, _WILD = ("Animal", "Mammal"), ("Animal", "Mammal", "Wildlife")
_PET = ("Animal", "Mammal", "Pet")
_VEHICLE = ("Transportation", "Vehicle")
_FRUIT = ("Food", "Fruit", "Plant", "Produce")
_VEGETABLE = ("Food", "Plant", "Produce", "Vegetable")
_PETS, _TRANSPORT = "Animals and Pets", "Vehicles and Automotive"
_FOOD, _HOME, _KITCHEN = "Food and Beverage", "Home and Indoors", "Kitchen and Dining"
_FURNITURE, _SPORTS = "Furniture and Furnishings", "Sports"
_TECHNOLOGY, _APPAREL = "Technology and Computing", "Apparel and Accessories"
_APPLIANCES, _EVERYDAY = "Home Appliances", "Everyday Objects"
_PUBLIC = "Transport and Logistics"

LABELS: dict[str, Entry] = {
    "person": Entry("Person", "Person Description", (), ("Human",)),
    "bicycle": Entry("Bicycle", _TRANSPORT, _VEHICLE, ("Bike",)),
    "car": Entry("Car", _TRANSPORT, _VEHICLE, ("Automobile",)),
    "motorcycle": Entry("Motorcycle", _TRANSPORT, _VEHICLE),
    "airplane": Entry("Airplane", _TRANSPORT, ("Aircraft", *_VEHICLE)),
    "bus": Entry("Bus", _TRANSPORT, _VEHICLE),
    "train": Entry("Train", _TRANSPORT, _VEHICLE),
    "truck": Entry("Truck", _TRANSPORT, _VEHICLE),
    "boat": Entry("Boat", _TRANSPORT, _VEHICLE),
    "traffic light": Entry("Traffic Light", _PUBLIC, ("Light",)),
    "fire hydrant": Entry("Fire Hydrant", "Public Safety", ("Hydrant",)),
    "stop sign": Entry("Stopsign", _PUBLIC, ("Road Sign", "Sign", "Symbol")),
    "parking meter": Entry("Parking Meter", _PUBLIC),
    "bench": Entry("Bench", _FURNITURE, ("Furniture",)),
    "bird": Entry("Bird", _PETS, ("Animal",)),
    "cat": Entry("Cat", _PETS, _PET),
    "dog": Entry("Dog", _PETS, ("Animal", "Canine", "Mammal", "Pet")),
    "horse": Entry("Horse", _PETS, _ANIMAL),
    "sheep": Entry("Sheep", _PETS, ("Animal", "Livestock", "Mammal")),
    "cow": Entry("Cow", _PETS, ("Animal", "Cattle", "Livestock", "Mammal")),
    "elephant": Entry("Elephant", _PETS, _WILD),
    "bear": Entry("Bear", _PETS, _WILD),
    "zebra": Entry("Zebra", _PETS, _WILD),
    "giraffe": Entry("Giraffe", _PETS, _WILD),
    "backpack": Entry("Backpack", _APPAREL, ("Bag",)),
    "umbrella": Entry("Umbrella", _EVERYDAY, ("Canopy",)),
    "handbag": Entry("Handbag", _APPAREL, ("Accessories", "Bag")),
    "tie": Entry("Tie", _APPAREL, ("Accessories", "Formal Wear"), ("Necktie",)),
    "suitcase": Entry("Suitcase", "Travel and Adventure", ("Baggage",)),
    "frisbee": Entry("Frisbee", _SPORTS, ("Toy",)),
    "skis": Entry("Ski", _SPORTS, ("Outdoors",)),
    "snowboard": Entry("Snowboard", _SPORTS, ("Outdoors",)),
    "sports ball": Entry("Ball", _SPORTS, ("Sport",)),
    "kite": Entry("Kite", "Toys and Gaming", ("Toy",)),
    "baseball bat": Entry("Baseball Bat", _SPORTS, ("Baseball", "Sport")),
    "baseball glove": Entry("Baseball Glove", _SPORTS, ("Baseball", "Glove", "Sport")),
    "skateboard": Entry("Skateboard", _SPORTS, ("Skateboarding", "Sport")),
    "surfboard": Entry("Surfboard", _SPORTS, ("Sea Waves", "Sport")),
    "tennis racket": Entry("Tennis Racket", _SPORTS, ("Racket", "Sport", "Tennis")),
    "bottle": Entry("Bottle", _EVERYDAY),
    "wine glass": Entry("Wine Glass", _KITCHEN, ("Glass",), ("Goblet",)),
    "cup": Entry("Cup", _KITCHEN),
    "fork": Entry("Fork", _KITCHEN, ("Cutlery",)),
    "knife": Entry("Knife", _KITCHEN, ("Cutlery",)),
    "spoon": Entry("Spoon", _KITCHEN, ("Cutlery",)),
    "bowl": Entry("Bowl", _KITCHEN),
    "banana": Entry("Banana", _FOOD, _FRUIT),
    "apple": Entry("Apple", _FOOD, _FRUIT),
    "sandwich": Entry("Sandwich", _FOOD, ("Food",)),
    "orange": Entry("Orange", _FOOD, ("Citrus Fruit", *_FRUIT)),
    "broccoli": Entry("Broccoli", _FOOD, _VEGETABLE),
    "carrot": Entry("Carrot", _FOOD, _VEGETABLE),
    "hot dog": Entry("Hot Dog", _FOOD, ("Food",)),
    "pizza": Entry("Pizza", _FOOD, ("Food",)),
    "donut": Entry("Donut", _FOOD, ("Food", "Sweets")),
    "cake": Entry("Cake", _FOOD, ("Dessert", "Food")),
    "chair": Entry("Chair", _FURNITURE, ("Furniture",)),
    "couch": Entry("Couch", _FURNITURE, ("Furniture",), ("Sofa",)),
    "potted plant": Entry("Potted Plant", "Plants and Flowers", ("Plant",)),
    "bed": Entry("Bed", _FURNITURE, ("Furniture",)),
    "dining table": Entry("Dining Table", _FURNITURE, ("Furniture", "Table")),
    "toilet": Entry("Toilet", _HOME, ("Bathroom", "Indoors", "Room")),
    "tv": Entry("Tv", _TECHNOLOGY, ("Electronics", "Screen"), ("Television",)),
    "laptop": Entry("Laptop", _TECHNOLOGY, ("Computer", "Electronics", "Pc")),
    "mouse": Entry("Mouse", _TECHNOLOGY, ("Computer Hardware", "Electronics", "Hardware")),
    "remote": Entry("Remote Control", _TECHNOLOGY, ("Electronics",)),
    "keyboard": Entry(
        "Computer Keyboard", _TECHNOLOGY, ("Computer Hardware", "Electronics", "Hardware")
    ),
    "cell phone": Entry("Mobile Phone", _TECHNOLOGY, ("Electronics", "Phone"), ("Cell Phone",)),
    "microwave": Entry("Microwave", _APPLIANCES, ("Appliance", "Electrical Device", "Oven")),
    "oven": Entry("Oven", _APPLIANCES, ("Appliance", "Electrical Device")),
    "toaster": Entry("Toaster", _APPLIANCES, ("Appliance", "Electrical Device")),
    "sink": Entry("Sink", _HOME),
    "refrigerator": Entry(
        "Refrigerator", _APPLIANCES, ("Appliance", "Electrical Device"), ("Fridge",)
    ),
    "book": Entry("Book", "Education", ("Publication",)),
    "clock": Entry("Clock", _HOME),
    "vase": Entry("Vase", _HOME, ("Jar", "Pottery")),
    "scissors": Entry("Scissors", "Tools and Machinery"),
    "teddy bear": Entry("Teddy Bear", "Toys and Gaming", ("Toy",)),
    "hair drier": Entry("Blow Dryer", _APPLIANCES, ("Appliance", "Electrical Device")),
    "toothbrush": Entry("Toothbrush", "Health and Fitness", ("Brush", "Device", "Tool")),
}
"""By COCO's name, which is the engine's."""
