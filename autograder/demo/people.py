"""The made-up students of the demo. Any likeness to real people is accidental."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One student; `id` is what nbgrader calls the student and the name of the student's folder."""

    id: str
    first_name: str
    last_name: str


_NAMES = """
Ada Okafor, Aiko Lindqvist, Alejandro Brandt, Amina Petrov, Anders Mbeki, Anjali Novak, Beatriz Halloran,
Bilal Svensson, Bo Castellano, Chiara Nguyen, Chidi Ferreira, Dagny Rahman, Daniel Tamura, Dilnoza Weber, Eero
Santos, Elif Marchetti, Emeka Jansen, Esther Kowalski, Farid Oyelaran, Fatou Bergman, Femi Alvarez, Freya
Chaudhary, Giulia Haddad, Hana Kruger, Hugo Adeyemi, Ibrahim Larsen, Ines Watanabe, Ivan Quispe, Jamila
Virtanen, Jonas Achebe, Kaya Moreau, Keiko Osei, Khalid Fischer, Lana Ruiz, Leila Bondarenko, Linh Dupont,
Luca Mensah, Maja Iyer, Malik Horvat, Marisol Keita, Mateo Nakagawa, Mina Sorensen, Nadia Uzun, Naveen Rossi,
Nils Abdi, Noor Takahashi, Olga Banda, Omar Eklund, Paloma Singh, Priya Dahl, Rafael Ivanova, Ravi Schneider,
Rosa Demir, Samira Costa, Soren Diallo, Tariq Molina, Thandi Meyer, Uma Lefebvre, Wen Goncalves, Yusuf
Hartmann
"""


def people(count: int) -> tuple[Person, ...]:
    """The first `count` students. Beyond the list, first names come back with a number and another last name."""
    names = [tuple(name.split()) for name in _NAMES.replace("\n", " ").split(",")]
    found = []
    for index in range(count):
        turn, place = divmod(index, len(names))
        first, last = names[place][0], names[(place + 7 * turn) % len(names)][1]
        found.append(Person(first.lower() + (str(turn + 1) if turn else ""), first, last))
    return tuple(found)
