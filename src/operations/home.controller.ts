import { Controller, Get, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';

/** A browser that opens the server's address finds the explorer. */
@Controller()
@ApiExcludeController()
export class HomeController {
  @Get()
  @Redirect('docs')
  home(): void {}
}
