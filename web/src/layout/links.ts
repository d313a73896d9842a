/** The colours by which widgets are linked: those of one colour show one symbol. */
export const LINKS = ['red', 'amber', 'green', 'blue', 'violet'] as const;
export type LinkColour = (typeof LINKS)[number];
